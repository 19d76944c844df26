// libnl and libnl-route, for CNetlink and CGate; Swift code sees them through CNetlink.
