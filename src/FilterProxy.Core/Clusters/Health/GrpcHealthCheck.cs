using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>Options of the <c>grpc</c> health check.</summary>
internal sealed record GrpcHealthOptions
{
    /// <summary>The service asked about. Default: none; the server as a whole.</summary>
    public string Service { get; init; } = "";

    /// <summary>The authority sent. Default: the cluster's, else the endpoint's name.</summary>
    public string Authority { get; init; } = "";

    /// <summary>Another port than the endpoint's. Default: the endpoint's.</summary>
    public ushort? Port { get; init; }
}

/// <summary>Healthy is who answers SERVING to <c>grpc.health.v1.Health/Check</c>, over HTTP/2.</summary>
[Component("grpc")]
internal sealed class GrpcHealthCheck(GrpcHealthOptions options) : IHealthCheck
{
    private static readonly string[] s_states = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
    private readonly byte[] _message = MessageFor(options.Service);

    public async ValueTask<HealthResult> ProbeAsync(UpstreamPeer peer, CancellationToken timeout)
    {
        peer = ProbePeer.For(peer, options.Port) with { Protocol = UpstreamProtocol.Http2 };
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://peer/grpc.health.v1.Health/Check")
        {
            Version = HttpVersion.Version20,
            Content = new ByteArrayContent(_message),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Host = options.Authority.Length > 0 ? options.Authority
            : peer.HostHeader ?? (peer.Endpoint.AuthorityBytes.Length > 0 ? peer.Endpoint.Name : "localhost");
        using var response = await ProbeClient.SendAsync(request, peer, timeout);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return HealthResult.Unhealthy($"status {(int)response.StatusCode}");
        }

        var body = await response.Content.ReadAsByteArrayAsync(timeout);
        var status = First(response.TrailingHeaders, "grpc-status") ?? First(response.Headers, "grpc-status");
        if (status is not "0")
        {
            return HealthResult.Unhealthy($"grpc-status {status ?? "missing"}");
        }

        var state = StateOf(body);
        return state == 1 ? HealthResult.Healthy : HealthResult.Unhealthy(state < s_states.Length ? s_states[state] : $"state {state}");
    }

    // HealthCheckRequest { string service = 1; } behind the five bytes of a gRPC frame.
    private static byte[] MessageFor(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        if (name.Length > 127)
        {
            throw new ArgumentException("the name of the service is longer than 127 bytes");
        }

        byte[] message = name.Length == 0 ? [] : [0x0A, (byte)name.Length, .. name];
        return [0, 0, 0, 0, (byte)message.Length, .. message];
    }

    // HealthCheckResponse { ServingStatus status = 1; }; 0 when there is none.
    private static int StateOf(ReadOnlySpan<byte> body) => body.Length >= 7 && body[0] == 0 && body[5] == 0x08 ? body[6] : 0;

    private static string? First(HttpHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
