using System.Net.Security;

namespace FilterProxy;

/// <summary>
/// A handshake that is made for its own sake: the certificate is shown, the protocol agreed on, then the connection is closed. No byte
/// behind it is read and no filter sees it.
/// </summary>
/// <param name="Certificate">What to show. The source owns it.</param>
/// <param name="Protocol">One of those the client offered, e.g. <c>acme-tls/1</c>.</param>
public sealed record TlsChallengeAnswer(SslStreamCertificateContext Certificate, SslApplicationProtocol Protocol);
