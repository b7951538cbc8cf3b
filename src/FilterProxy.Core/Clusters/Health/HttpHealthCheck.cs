using System.Net;
using System.Text;

namespace FilterProxy.Core.Clusters.Health;

/// <summary>Options of the <c>http</c> health check.</summary>
internal sealed record HttpHealthOptions
{
    /// <summary>The path asked for, with a query where it needs one. Default: /.</summary>
    public string Path { get; init; } = "/";

    /// <summary>The method. Default: GET.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>The Host sent. Default: the cluster's, else the endpoint's name.</summary>
    public string Host { get; init; } = "";

    /// <summary>Further header fields. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Statuses of a healthy endpoint, single ones or ranges: <c>[200, 300-399]</c>. Default: 200-299.</summary>
    public IReadOnlyList<StatusRange> Statuses { get; init; } = [new StatusRange(200, 299)];

    /// <summary>Text that must be within the first 64 KiB of the body. Default: none.</summary>
    public string Body { get; init; } = "";

    /// <summary>Another port than the endpoint's. Default: the endpoint's.</summary>
    public ushort? Port { get; init; }
}

/// <summary>Healthy is who answers a request with one of the statuses and the text that is asked for, in the cluster's protocol.</summary>
[Component("http")]
internal sealed class HttpHealthCheck : IHealthCheck
{
    private const int MostBody = 64 * 1024;
    private readonly HttpHealthOptions _options;
    private readonly byte[] _body;

    public HttpHealthCheck(HttpHealthOptions options)
    {
        if (!options.Path.StartsWith('/'))
        {
            throw new ArgumentException($"path '{options.Path}' does not begin with '/'");
        }

        _options = options;
        _body = Encoding.UTF8.GetBytes(options.Body);
    }

    public async ValueTask<HealthResult> ProbeAsync(UpstreamPeer peer, CancellationToken timeout)
    {
        peer = ProbePeer.For(peer, _options.Port);
        peer = peer.Protocol == UpstreamProtocol.Auto ? peer with { Protocol = UpstreamProtocol.Http1 } : peer;
        using var request = new HttpRequestMessage(new HttpMethod(_options.Method), "http://peer" + _options.Path)
        {
            Version = peer.Protocol == UpstreamProtocol.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        };
        request.Headers.Host = _options.Host.Length > 0 ? _options.Host
            : peer.HostHeader ?? (peer.Endpoint.AuthorityBytes.Length > 0 ? peer.Endpoint.Name : "localhost");
        request.Headers.TryAddWithoutValidation("user-agent", "filterproxy-health");
        foreach (var (name, value) in _options.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await ProbeClient.SendAsync(request, peer, timeout);
        var status = (int)response.StatusCode;
        if (!_options.Statuses.Any(range => range.Contains(status)))
        {
            return HealthResult.Unhealthy($"status {status}");
        }

        return _body.Length == 0 || await HasBodyAsync(response, timeout) ? HealthResult.Healthy : HealthResult.Unhealthy("the expected text is not in the body");
    }

    private async Task<bool> HasBodyAsync(HttpResponseMessage response, CancellationToken timeout)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(timeout);
        var buffer = new byte[MostBody];
        var length = await stream.ReadAtLeastAsync(buffer, MostBody, throwOnEndOfStream: false, timeout);
        return buffer.AsSpan(0, length).IndexOf(_body) >= 0;
    }
}
