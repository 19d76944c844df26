/// The release that daemon and client are part of.
public enum Version {
    public static let current = "0.1.0"
}
