using System.Diagnostics.Metrics;
using System.Security.Authentication;
using System.Text.Json;

namespace FilterProxy.Core.Telemetry;

/// <summary>Counts TLS handshakes with clients, by listener, result and version.</summary>
internal sealed class TlsMetrics(Meter? meter)
{
    private static readonly string[] Names = [.. Enum.GetNames<TlsResult>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    private static readonly string[] Reasons = [.. Names.Select(name => "tls_" + name)];

    private readonly Counter<long>? _handshakes = meter?.CreateCounter<long>(
        "filterproxy.tls.handshakes", "{handshake}", "TLS handshakes with clients, by listener, result and, where it succeeded, version.");

    /// <summary>The result as metrics and logs name it.</summary>
    public static string NameOf(TlsResult result) => Names[(int)result];

    /// <summary>The result as the reason a connection ended for.</summary>
    public static string ReasonOf(TlsResult result) => Reasons[(int)result];

    public void Succeeded(string listener, SslProtocols version) => _handshakes?.Add(
        1, new("listener", listener), new("result", NameOf(TlsResult.Ok)), new("version", version == SslProtocols.Tls13 ? "1.3" : "1.2"));

    public void Failed(string listener, TlsResult result) => _handshakes?.Add(1, new("listener", listener), new KeyValuePair<string, object?>("result", NameOf(result)));
}
