# What distributions build packages with. Nothing of it is installed.
EXTRA_DIST += \
	packaging/README.md \
	packaging/alpine/APKBUILD \
	packaging/arch/PKGBUILD \
	packaging/build \
	packaging/reproducible \
	packaging/debian/changelog \
	packaging/debian/control \
	packaging/debian/copyright \
	packaging/debian/libsopool-dev.install \
	packaging/debian/libsopool-dev.manpages \
	packaging/debian/libsopool0.install \
	packaging/debian/libsopool0.symbols \
	packaging/debian/not-installed \
	packaging/debian/rules \
	packaging/debian/sopool-doc.install \
	packaging/debian/sopool-plugins-fetch.docs \
	packaging/debian/sopool-plugins-fetch.install \
	packaging/debian/sopool-plugins-hash.docs \
	packaging/debian/sopool-plugins-hash.install \
	packaging/debian/sopool-plugins-math.docs \
	packaging/debian/sopool-plugins-math.install \
	packaging/debian/sopool-plugins-text.docs \
	packaging/debian/sopool-plugins-text.install \
	packaging/debian/sopool.install \
	packaging/debian/sopool.manpages \
	packaging/debian/source/format \
	packaging/debian/source/lintian-overrides \
	packaging/debian/tests/command \
	packaging/debian/tests/control \
	packaging/debian/tests/library \
	packaging/debian/tests/plugin \
	packaging/debian/tests/service \
	packaging/rpm/sopool.rpmlintrc \
	packaging/rpm/sopool.spec
