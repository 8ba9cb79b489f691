# The guides and the manual pages.
