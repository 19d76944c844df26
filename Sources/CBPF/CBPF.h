// libbpf, for CGate; Swift code does not see it.
