using System.Buffers;
using System.Net.Security;

namespace FilterProxy;

/// <summary>
/// What a client's TLS ClientHello says, as far as a certificate or a way is chosen by it. A feature of the connection behind the
/// <c>tls_inspector</c> filter.
/// </summary>
/// <param name="serverName">See <see cref="ServerName"/>.</param>
/// <param name="applicationProtocols">See <see cref="ApplicationProtocols"/>.</param>
public sealed class TlsClientHello(string serverName, IReadOnlyList<SslApplicationProtocol> applicationProtocols)
{
    /// <summary>The most bytes of a ClientHello that is read. With large post-quantum keys and a session ticket one has a few KiB.</summary>
    public const int LargestSize = 64 * 1024;

    /// <summary>The name the client asks for (SNI), as sent; empty when it sent none.</summary>
    public string ServerName { get; } = serverName;

    /// <summary>The application protocols it offers (ALPN), in its order; empty when it offers none.</summary>
    public IReadOnlyList<SslApplicationProtocol> ApplicationProtocols { get; } = applicationProtocols;

    /// <summary>
    /// Whether it carries an encrypted ClientHello (RFC 9849), or something that looks like one: its name is then that of the service that
    /// hides the real one.
    /// </summary>
    public bool HasEncryptedHello { get; init; }

    /// <summary>What the client's TLS library is known by, in the form of JA4; null where it was not asked for.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>
    /// Reads the ClientHello a connection begins with; it may be spread over records, and consumes nothing. It does not judge what only
    /// the TLS library must understand.
    /// </summary>
    /// <param name="received">From the first byte of the connection on.</param>
    /// <param name="hello">What it says, when it is complete.</param>
    /// <param name="maxSize">The most bytes of the message, up to <see cref="LargestSize"/>; a longer one is malformed.</param>
    /// <param name="fingerprint">Whether <see cref="Fingerprint"/> is wanted.</param>
    public static ClientHelloStatus Read(
        in ReadOnlySequence<byte> received, out TlsClientHello? hello, int maxSize = LargestSize, bool fingerprint = false) =>
        ClientHelloReader.Read(received, out hello, Math.Min(maxSize, LargestSize), fingerprint);
}
