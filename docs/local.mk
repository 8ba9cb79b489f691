# The guides and the manual pages.
dist_man_MANS = docs/sopool.1
dist_doc_DATA = README.md docs/config.md
