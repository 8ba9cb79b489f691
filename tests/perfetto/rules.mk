# rules.mk - how Perfetto's trace_processor_shell is made in the current folder of
# the source in ./perfetto. Perfetto's own rules want libraries at places where
# Debian has none. These are for Debian's libraries, and leave out what the shell
# can do without: a server, editing of lines, and symbols.

S = perfetto
CXXFLAGS = -std=gnu++17 -O0 -DNDEBUG -w
CPPFLAGS = -Imade -I$S -I$S/include -I/usr/include/jsoncpp
PARTS = src/base src/protozero src/profiling/symbolizer \
	src/profiling/deobfuscator.cc src/trace_processor
OTHER = _(unittests?|benchmark|integrationtest|fuzzer|smoke_test|windows)\.cc
OTHERS = /(test|rpc|http|filtering|protoc_plugin)/|/(debug_crash|unix_socket)
SOURCES := $(shell cd $S && find $(PARTS) -name '*.cc' | \
	grep -vE '$(OTHER)|$(OTHERS)' | sort)
OBJECTS := $(SOURCES:%.cc=objects/%.o)
BASE := $(filter objects/src/base/%,$(OBJECTS))
PROTOS := $(shell cd $S && find protos/perfetto -name '*.proto' | \
	grep -v -e '/perfetto_[ct]' -e /metrics/ -e /test_ | sort)
FLAGS = $S/include/perfetto/base/build_configs/bazel/perfetto_build_flags.h
DESCRIPTORS = importers/config:perfetto/config/trace_config \
	importers/track_event:perfetto/trace/track_event/track_event \
	importers/chrome_track_event:third_party/chromium/chrome_track_event \
	metrics/metrics:perfetto/metrics/metrics \
	metrics/all_chrome_metrics:perfetto/metrics/chrome/all_chrome_metrics

trace_processor_shell: $(OBJECTS)
	$(CXX) -o $@ $(OBJECTS) -ljsoncpp -lsqlite3 -lprotobuf -lz -lpthread -ldl

made/base:
	mkdir -p made
	sed -E '/LINENOISE|HTTPD|LOCAL_SYMB|LLVM|PERCENTILE/s/\(\) .*/() (0)/' $(FLAGS) \
		>made/perfetto_build_flags.h
	python3 $S/tools/write_version_header.py --no_git \
		--changelog=$S/CHANGELOG --cpp_out=made/perfetto_version.gen.h
	touch $@

plugin: objects/src/protozero/protoc_plugin/protozero_plugin.o $(BASE)
	$(CXX) -o $@ $^ -lprotoc -lprotobuf -lpthread

# One at a time: some files define the same messages as others do.
made/all: plugin
	set -e; for proto in $(PROTOS); do \
		protoc --plugin=protoc-gen-zero=./plugin -I$S \
			--zero_out=wrapper_namespace=pbzero:made $S/$$proto; \
	done
	mkdir -p made/src/trace_processor/importers \
		made/src/trace_processor/metrics/sql
	set -e; for pair in $(DESCRIPTORS); do \
		to=made/src/trace_processor/$${pair%%:*}.descriptor; \
		protoc -I$S --descriptor_set_out=$$to $$( \
			case $$pair in *:third_party/*) ;; \
			*) echo --include_imports ;; esac) \
			$S/protos/$${pair#*:}.proto; \
		python3 $S/tools/gen_cc_proto_descriptor.py --gen_dir made \
			--cpp_out $$to.h $$to; \
	done
	python3 $S/tools/gen_amalgamated_sql_metrics.py --cpp_out \
		made/src/trace_processor/metrics/sql/amalgamated_sql_metrics.h \
		$$(find $S/src/trace_processor/metrics/sql -name '*.sql')
	touch $@

objects/%.o: $S/%.cc made/base
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -c -o $@ $<

$(filter-out $(BASE),$(OBJECTS)): made/all
