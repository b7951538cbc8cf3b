using System.Net;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Work;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>Opens byte streams to services of agents: a POST whose two bodies go on side by side.</summary>
internal static class StreamOpener
{
    /// <param name="table">The agents.</param>
    /// <param name="id">Which of them.</param>
    /// <param name="prefix">What the stream carries, as <see cref="StreamNames"/> has it.</param>
    /// <param name="service">Its service.</param>
    /// <param name="options">What may wait for room, and how long.</param>
    /// <param name="client">The client's address; null where there is none to tell.</param>
    /// <param name="cancel">Ends the wait for the agent's answer.</param>
    /// <param name="reached">The address the client has connected to; null where there is none to tell.</param>
    /// <exception cref="UpstreamException">There is no agent, or it says no; the service has seen nothing.</exception>
    public static async ValueTask<ConnectionContext> OpenAsync(
        AgentTable table, AgentId id, string prefix, string service, TunnelConnectorOptions options, IPEndPoint? client, CancellationToken cancel, IPEndPoint? reached = null)
    {
        if (table.Find(id) is not { IsConnected: true } agent)
        {
            throw Failed("tunnel_gone");
        }

        if (!agent.Hello.Capabilities.HasFlag(NeededFor(prefix)))
        {
            throw Failed(prefix == StreamNames.Udp ? "tunnel_no_udp" : "tunnel_no_tcp");
        }

        if (prefix == StreamNames.Tcp && await OpenWorkAsync(table, id, new WorkAsk(service, client, reached), options, cancel) is { } work)
        {
            return work;
        }

        var content = new DuplexContent();
        var request = StreamNames.Request(HttpMethod.Post, prefix + service, agent.SessionId);
        request.Content = content;
        if (client is not null)
        {
            request.Headers.TryAddWithoutValidation(StreamNames.ClientField, client.ToString());
        }

        if (reached is not null)
        {
            request.Headers.TryAddWithoutValidation(StreamNames.ReachedField, reached.ToString());
        }

        HttpResponseMessage? response = null;
        try
        {
            response = await AgentHandler.SendAsync(table, id, options, request, cancel);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await ServerStream.OpenAsync(content, response, new AgentEndPoint(id), cancel);
            }

            throw Failed(ReasonOf(response.Headers.TryGetValues(StreamNames.ReasonField, out var values) ? values.First() : ""));
        }
        catch (Exception e)
        {
            content.Break();
            response?.Dispose();
            if (e is HttpProtocolException { ErrorCode: AgentHandler.RefusedStream, InnerException: TunnelGoneException })
            {
                // The connection takes no more streams; another one may, and this one is not asked again.
                return await OpenAsync(table, id, prefix, service, options, client, cancel, reached);
            }

            throw e is HttpRequestException or IOException ? Failed("tunnel_lost", e) : e is UpstreamException or OperationCanceledException ? e : Failed("tunnel_failed", e);
        }
    }

    /// <summary>Opens a connection on which the agent's routes serve requests of HTTP/1, for whichever clients.</summary>
    /// <param name="table">The agents.</param>
    /// <param name="id">Which of them.</param>
    /// <param name="options">What may wait for a work connection, and how long.</param>
    /// <param name="cancel">Ends the wait for one and for the agent's answer.</param>
    /// <exception cref="UpstreamException">There is no agent, or no connection of his, or he says no.</exception>
    public static async ValueTask<ConnectionContext> OpenRequestsAsync(AgentTable table, AgentId id, TunnelConnectorOptions options, CancellationToken cancel)
    {
        if (table.Find(id) is not { TakesStreams: true } agent)
        {
            throw Failed("tunnel_gone");
        }

        if (!agent.Hello.Capabilities.HasFlag(TunnelCapabilities.Http))
        {
            throw Failed("tunnel_no_http");
        }

        return await OpenWorkAsync(table, id, WorkAsk.Requests, options, cancel) ?? throw Failed("tunnel_gone");
    }

    private static async ValueTask<ConnectionContext?> OpenWorkAsync(
        AgentTable table, AgentId id, WorkAsk ask, TunnelConnectorOptions options, CancellationToken cancel)
    {
        var (stream, refusal) = await WorkOpener.OpenAsync(table.Work, id, ask, options, cancel);
        if (refusal is not null)
        {
            throw Failed(ReasonOf(refusal));
        }

        if (stream is null && options.Transport == TunnelTransport.Work)
        {
            if (table.Find(id) is not { TakesStreams: true })
            {
                throw Failed("tunnel_gone");
            }

            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.Overloaded, detail: "tunnel_no_work_connection"));
        }

        return stream;
    }

    // What a secret service carries was looked at when it was registered.
    private static TunnelCapabilities NeededFor(string prefix) => prefix switch
    {
        StreamNames.Tcp => TunnelCapabilities.Tcp,
        StreamNames.Udp => TunnelCapabilities.Udp,
        _ => TunnelCapabilities.None,
    };

    private static string ReasonOf(string said) =>
        said.Length > 0 && said.All(c => char.IsAsciiLetterLower(c) || c is '_' || char.IsAsciiDigit(c)) ? said : "tunnel_refused";

    private static UpstreamException Failed(string detail, Exception? cause = null) =>
        new(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, detail, cause));
}
