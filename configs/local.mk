# Sample pools, each one tested.
sample_configs = \
	configs/full.yaml \
	configs/hash.yaml \
	configs/minimal.yaml \
	configs/threads.yaml
configsdir = $(docdir)/examples/configs
dist_configs_DATA = $(sample_configs)
