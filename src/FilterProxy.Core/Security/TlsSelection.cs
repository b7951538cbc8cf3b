using System.Net.Security;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Security;

/// <summary>How a ClientHello is answered.</summary>
/// <param name="Options">With what the handshake is done; null when it is refused.</param>
/// <param name="Refusal">Why it is refused.</param>
/// <param name="IsChallenge">The connection ends with the handshake.</param>
internal readonly record struct TlsSelection(SslServerAuthenticationOptions? Options, TlsResult Refusal = TlsResult.Ok, bool IsChallenge = false);
