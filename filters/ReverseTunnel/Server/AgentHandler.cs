using System.Net;
using FilterProxy.Filters.ReverseTunnel.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Sends requests to one agent, on whichever of its connections has the fewest streams.</summary>
internal sealed class AgentHandler(AgentTable table, AgentId id, TunnelConnectorOptions options) : HttpMessageHandler
{
    /// <summary>REFUSED_STREAM (RFC 9113 §7): nothing was done with the request.</summary>
    public const long RefusedStream = 7;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var target = request.RequestUri!.PathAndQuery;
        return target.StartsWith(StreamNames.Prefix, StringComparison.Ordinal) ? Answer(HttpStatusCode.NotFound)
            : CanCarry(target) ? await SendAsync(table, id, options, request, cancellationToken)
            : Answer(HttpStatusCode.BadRequest);
    }

    /// <summary>Sends a request, whatever it asks for.</summary>
    /// <exception cref="UpstreamException">No connection takes it; nothing of it was sent.</exception>
    /// <exception cref="HttpProtocolException">Of <see cref="RefusedStream"/>: its connection went away; it may be sent again.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        AgentTable table, AgentId id, TunnelConnectorOptions options, HttpRequestMessage request, CancellationToken cancel)
    {
        var agent = table.Find(id) ?? throw Gone();
        while (true)
        {
            var connection = agent.TryTake() ?? await agent.WaitAsync(options.MaxPending, options.PendingTimeout, cancel) ?? throw Gone();
            try
            {
                var response = await connection.SendAsync(request, cancel);
                response.Content = new LeasedContent(response.Content, connection);
                return response;
            }
            catch (TunnelGoneException gone)
            {
                connection.Leave();
                if (request.Content is not null)
                {
                    // Its body may have begun, and who sends it knows whether it can begin again.
                    throw new HttpProtocolException(RefusedStream, gone.Message, gone);
                }
            }
            catch
            {
                connection.Leave();
                throw;
            }
        }
    }

    private static UpstreamException Gone() => new(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "tunnel_gone"));

    // Kestrel's engine, at the agent, resets a stream with a NUL in its path, where a client expects an answer.
    private static bool CanCarry(string target)
    {
        foreach (var c in target)
        {
            if (c is <= ' ' or > '~')
            {
                return false;
            }
        }

        var query = target.IndexOf('?', StringComparison.Ordinal);
        return !target.AsSpan(0, query < 0 ? target.Length : query).Contains("%00", StringComparison.Ordinal);
    }

    private static HttpResponseMessage Answer(HttpStatusCode status) => new(status) { Version = HttpVersion.Version20 };
}
