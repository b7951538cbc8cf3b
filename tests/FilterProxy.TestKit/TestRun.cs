using System.Text;

namespace FilterProxy.TestKit;

/// <summary>What one filter made of one exchange.</summary>
/// <param name="Status">What request_filter said; Continue where the filter has no such phase.</param>
/// <param name="Upstream">The request as the attempt would send it; null when a reply stopped it.</param>
/// <param name="Peer">The peer upstream_peer chose; null for none.</param>
/// <param name="RequestBody">The body the upstream would get.</param>
/// <param name="ResponseBody">The body the client would get.</param>
/// <param name="ResponseCut">Whether a response body filter stopped it.</param>
public sealed record TestRun(
    FilterStatus Status, RequestHead? Upstream, UpstreamPeer? Peer, byte[] RequestBody, byte[] ResponseBody, bool ResponseCut)
{
    /// <summary><see cref="RequestBody"/> as UTF-8.</summary>
    public string RequestText => Encoding.UTF8.GetString(RequestBody);

    /// <summary><see cref="ResponseBody"/> as UTF-8.</summary>
    public string ResponseText => Encoding.UTF8.GetString(ResponseBody);
}
