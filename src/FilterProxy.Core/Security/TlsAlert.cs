namespace FilterProxy.Core.Security;

/// <summary>The alerts that are sent before the TLS library has the connection (RFC 8446 §6).</summary>
internal static class TlsAlert
{
    public const byte DecodeError = 50;
    public const byte InternalError = 80;
    public const byte UnrecognizedName = 112;
    public const byte NoApplicationProtocol = 120;

    /// <summary>A record with a fatal alert, in the version every client can read.</summary>
    public static byte[] Fatal(byte alert) => [21, 3, 1, 0, 2, 2, alert];
}
