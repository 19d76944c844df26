// swift-tools-version: 6.2

import PackageDescription

/// Warnings are errors, and whatever is unsafe says so where it stands.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// `VIP_MUTATIONS=1` builds the simulator with the rules of the lease and of the host breakable one
/// at a time. Nothing that is shipped is built so; `make test` does it in a build folder of its own,
/// see docs/protocol.md.
let mutable: [SwiftSetting] =
    Context.environment["VIP_MUTATIONS"] == nil ? strict : strict + [.define("VIP_MUTATIONS")]

/// The same build has an agent that can be told to die between any two effects.
let mortal: [SwiftSetting] =
    Context.environment["VIP_MUTATIONS"] == nil ? strict : strict + [.define("VIP_CRASH_POINTS")]

/// The programs carry the Swift runtime in them, so that a host needs none. SwiftPM's own
/// `--static-swift-stdlib` does that to the tests too, whose library has no static form: two build
/// folders would be needed. The libraries are what FoundationEssentials (JSON in the lab,
/// swift-crypto in the daemon) is linked with, and the flag does not name.
///
/// The toolchain's own linker can pack relocations: a megabyte of them would be read at each start,
/// and again at each re-execution. Nothing looks up our symbols by name.
let selfContained: [LinkerSetting] = [
    .unsafeFlags([
        "-static-stdlib",
        "-l_FoundationCollections", "-l_FoundationCShims", "-lswiftSynchronization",
        "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
        "-Xlinker", "--no-export-dynamic",
    ])
]

let package = Package(
    name: "vip-agent",
    products: [
        .executable(name: "vip-agent", targets: ["vip-agent"]),
        .executable(name: "vipctl", targets: ["vipctl"]),
        .executable(name: "vipsim", targets: ["vipsim"]),
        .executable(name: "viplab", targets: ["viplab"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // The heart: pure, imports nothing.
        .target(name: "VIPCore", swiftSettings: mutable),

        // The vocabulary: addresses, endpoints, links, octets, packets.
        .target(name: "VIPNet", swiftSettings: strict),

        // The configuration file, and what it has to say about itself.
        .target(name: "CTOML"),
        .target(
            name: "VIPConfiguration",
            dependencies: ["CTOML", "VIPNet", "VIPSpelling"],
            swiftSettings: strict
        ),
        .target(
            name: "VIPKeepalived",
            dependencies: ["VIPConfiguration", "VIPNet", "VIPSpelling"],
            swiftSettings: strict
        ),

        // What somebody meant who wrote a name wrong. Imports nothing.
        .target(name: "VIPSpelling", swiftSettings: strict),

        // The daemon.
        .systemLibrary(
            name: "CNL",
            pkgConfig: "libnl-route-3.0",
            providers: [.apt(["libnl-route-3-dev"])]
        ),
        .systemLibrary(
            name: "CBPF",
            pkgConfig: "libbpf",
            providers: [.apt(["libbpf-dev"])]
        ),
        // What Swift cannot reach by itself, and the conversation with rtnetlink.
        .target(name: "CNetlink", dependencies: ["CNL"]),
        // The gate: an eBPF program, its bytes, and what libbpf does with them.
        .target(
            name: "CGate",
            dependencies: ["CBPF", "CNetlink"],
            exclude: ["gate.bpf.c", "embed"]
        ),
        // What this host does between the lease and the kernel: pure, too.
        .target(name: "VIPHost", dependencies: ["VIPCore", "VIPNet"], swiftSettings: mutable),

        // One type for each thing of the kernel.
        .target(
            name: "VIPPlatform",
            dependencies: [
                "VIPNet", "CNetlink", "CGate",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "VIPAgent",
            dependencies: [
                "VIPCore", "VIPHost", "VIPNet", "VIPConfiguration", "VIPControl", "VIPPlatform",
                "CNetlink",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: mortal
        ),
        .executableTarget(
            name: "vip-agent",
            dependencies: [
                "VIPAgent", "VIPConfiguration", "VIPControl", "VIPKeepalived", "VIPPlatform",
                "VIPSpelling",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict,
            linkerSettings: selfContained
        ),

        // The command line, and the language it speaks with the daemon.
        .target(name: "VIPControl", swiftSettings: strict),
        .executableTarget(
            name: "vipctl",
            dependencies: [
                "VIPControl", "VIPSpelling",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict,
            linkerSettings: selfContained
        ),

        // The simulator.
        .target(
            name: "VIPSimulation",
            dependencies: ["VIPCore", "VIPHost", "VIPNet"],
            swiftSettings: mutable
        ),
        .executableTarget(
            name: "vipsim",
            dependencies: [
                "VIPCore", "VIPSimulation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: mutable,
            linkerSettings: selfContained
        ),

        // The lab.
        .target(name: "CLab"),
        .target(name: "VIPLab", dependencies: ["VIPControl", "CLab"], swiftSettings: strict),
        .executableTarget(
            name: "viplab",
            dependencies: [
                "VIPLab", "VIPAgent", "VIPControl", "VIPPlatform", "VIPSpelling", "CGate",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict,
            linkerSettings: selfContained
        ),

        // What more than one of the test targets needs; in no product.
        .target(
            name: "VIPTestSupport",
            dependencies: ["CNetlink"],
            path: "Tests/VIPTestSupport",
            swiftSettings: strict
        ),

        .testTarget(
            name: "VIPCoreTests",
            dependencies: ["VIPCore", "VIPTestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VIPConfigurationTests",
            dependencies: ["VIPConfiguration", "VIPKeepalived", "VIPNet", "VIPTestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VIPSpellingTests",
            dependencies: ["VIPSpelling"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VIPControlTests",
            dependencies: ["VIPControl", "VIPTestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CGateTests",
            dependencies: ["CGate", "CNetlink", "VIPTestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VIPHostTests",
            dependencies: ["VIPCore", "VIPHost", "VIPNet"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VIPAgentTests",
            dependencies: [
                "VIPAgent", "VIPConfiguration", "VIPControl", "VIPCore", "VIPHost", "VIPNet",
                "VIPPlatform", "VIPTestSupport", "CNetlink",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VIPSimulationTests",
            dependencies: ["VIPCore", "VIPSimulation", "VIPTestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "VIPLab", "VIPControl", "VIPTestSupport",
                // For the liar: the seal, the key, and the simulator's lies.
                "VIPAgent", "VIPConfiguration", "VIPCore", "VIPNet", "VIPSimulation",
            ],
            swiftSettings: strict
        ),
        // The same, with the package on systems that boot.
        .testTarget(
            name: "PackageTests",
            dependencies: ["VIPControl", "VIPLab"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
