# The tutorial: whole programs. tests/examples.sh builds them as a user would,
# with what is installed, and runs them; they are installed as documents.

examples = \
	examples/as_completed.c \
	examples/buffer.c \
	examples/callbacks.c \
	examples/eventloop.c \
	examples/fire_and_forget.c \
	examples/first.c \
	examples/follow_up.c \
	examples/iterate.c \
	examples/kill.c \
	examples/own_functions.c \
	examples/progress.c \
	examples/square.c \
	examples/stop.c \
	examples/threads.c \
	examples/words.c

examplesdir = $(docdir)/examples
dist_examples_SCRIPTS = examples/service.py
dist_examples_DATA = \
	$(examples) \
	examples/README.md \
	examples/example.h \
	examples/square.yaml \
	examples/tasks.c

EXTRA_DIST += \
	examples/expected/as_completed.txt \
	examples/expected/buffer.txt \
	examples/expected/callbacks.txt \
	examples/expected/eventloop.txt \
	examples/expected/fire_and_forget.txt \
	examples/expected/first.txt \
	examples/expected/follow_up.txt \
	examples/expected/iterate.txt \
	examples/expected/kill.txt \
	examples/expected/own_functions.txt \
	examples/expected/progress.txt \
	examples/expected/square.txt \
	examples/expected/stop.txt \
	examples/expected/threads.txt \
	examples/expected/words.txt
