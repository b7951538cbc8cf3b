using System.Net;
using FilterProxy.Filters.ReverseTunnel.Streams;
using FilterProxy.Filters.ReverseTunnel.Udp;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>Serves what the server sends through a tunnel besides requests: byte streams to services, and its question whether we are there.</summary>
/// <param name="session">The session the tunnel belongs to, which no request of a client's knows.</param>
/// <param name="run">What there is.</param>
/// <param name="tunnel">The tunnel.</param>
/// <param name="answers">Tells the server of services that change.</param>
/// <param name="place">Told of all streams; null where nobody wants to know.</param>
internal sealed class AgentStreams(string session, AgentRun run, ConnectionContext tunnel, ServiceAnswers answers, TunnelPlace? place) : IStreamService
{
    private AgentServices Services => run.Services;

    // Fires when the agent takes no more.
    private CancellationToken Stopping => tunnel.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;

    public Task? TryServe(IFeatureCollection stream)
    {
        var request = stream.GetRequiredFeature<IHttpRequestFeature>();
        if (place is not null && request.RawTarget != StreamNames.Services)
        {
            // That question waits for as long as nothing changes, and is no work.
            place.BeginStream();
            stream.GetRequiredFeature<IHttpResponseFeature>().OnCompleted(End, place);
        }

        return request.RawTarget.StartsWith(StreamNames.Prefix, StringComparison.Ordinal) && request.Headers.Host == session
            ? ServeAsync(request, stream)
            : null;
    }

    private async Task ServeAsync(IHttpRequestFeature request, IFeatureCollection stream)
    {
        var response = stream.GetRequiredFeature<IHttpResponseFeature>();
        if (request is { RawTarget: StreamNames.Ready, Method: "GET" })
        {
            response.StatusCode = 204;
        }
        else if (request is { RawTarget: StreamNames.Services, Method: "POST" })
        {
            await answers.ServeAsync(response, stream, Stopping);
        }
        else if (request.Method == "POST" && request.RawTarget.StartsWith(StreamNames.Tcp, StringComparison.Ordinal))
        {
            await RelayAsync(request.RawTarget[StreamNames.Tcp.Length..], request, response, stream);
        }
        else if (request.Method == "POST" && request.RawTarget.StartsWith(StreamNames.Udp, StringComparison.Ordinal))
        {
            await RelayDatagramsAsync(request.RawTarget[StreamNames.Udp.Length..], request, response, stream);
        }
        else if (request.Method == "POST" && request.RawTarget.StartsWith(StreamNames.Secret, StringComparison.Ordinal))
        {
            await ServeVisitorAsync(request.RawTarget[StreamNames.Secret.Length..], request, response, stream);
        }
        else
        {
            Refuse(response, 404, "tunnel_unknown_stream");
        }
    }

    private async Task RelayAsync(string name, IHttpRequestFeature request, IHttpResponseFeature response, IFeatureCollection stream)
    {
        var aborted = stream.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;
        await using var downstream = new AgentStream(stream, tunnel)
        {
            RemoteEndPoint = IPEndPoint.TryParse(request.Headers[StreamNames.ClientField].ToString(), out var client) ? client : tunnel.RemoteEndPoint,
            LocalEndPoint = IPEndPoint.TryParse(request.Headers[StreamNames.ReachedField].ToString(), out var reached) ? reached : tunnel.LocalEndPoint,
        };
        ConnectionContext? upstream;
        try
        {
            (upstream, var status, var reason) = await Services.ConnectAsync(name, downstream, aborted);
            if (upstream is null)
            {
                Refuse(response, status, reason);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await using (upstream)
        {
            response.StatusCode = 200;

            // The head leaves by a flush alone, and the server waits for it.
            await downstream.Output.FlushAsync(aborted);
            await Services.Context.RelayAsync(downstream, upstream, Services.Relay, aborted);
        }
    }

    private static Task End(object place)
    {
        ((TunnelPlace)place).EndStream();
        return Task.CompletedTask;
    }

    private async Task RelayDatagramsAsync(string name, IHttpRequestFeature request, IHttpResponseFeature response, IFeatureCollection stream)
    {
        if (Services.FindUdp(name) is not { } endpoints)
        {
            Refuse(response, 404, "tunnel_unknown_service");
            return;
        }

        var aborted = stream.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;
        var client = IPEndPoint.TryParse(request.Headers[StreamNames.ClientField].ToString(), out var address) ? address.Address : null;
        try
        {
            await using var datagrams = await AgentDatagrams.ConnectAsync(endpoints, client, Services.UdpMetrics, aborted);
            await using var downstream = new AgentStream(stream, tunnel);
            response.StatusCode = 200;
            await downstream.Output.FlushAsync(aborted);
            await datagrams.RelayAsync(downstream, Stopping, aborted);
        }
        catch (UpstreamException e)
        {
            Refuse(response, e);
        }
        catch (OperationCanceledException)
        {
            // The server has given it up.
        }
    }

    private async Task ServeVisitorAsync(string name, IHttpRequestFeature request, IHttpResponseFeature response, IFeatureCollection stream)
    {
        if (!Services.Secrets.Has(name))
        {
            Refuse(response, 404, "tunnel_unknown_service");
            return;
        }

        var aborted = stream.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;
        await using var downstream = new AgentStream(stream, tunnel)
        {
            RemoteEndPoint = IPEndPoint.TryParse(request.Headers[StreamNames.ClientField].ToString(), out var client) ? client : tunnel.RemoteEndPoint,
        };
        response.StatusCode = 200;
        await downstream.Output.FlushAsync(CancellationToken.None);
        await Services.Secrets.ServeAsync(name, downstream, Stopping, aborted);
    }

    private static void Refuse(IHttpResponseFeature response, UpstreamException e) =>
        Refuse(response, e.Error.Kind is ProxyErrorKind.Overloaded or ProxyErrorKind.NoEndpoint ? 503 : 502, e.Error.Detail ?? "connect_failed");

    private static void Refuse(IHttpResponseFeature response, int status, string reason)
    {
        response.StatusCode = status;
        response.Headers[StreamNames.ReasonField] = reason;
    }
}
