using System.Net.Security;
using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// The end of a listener's connection filters: HTTP. HTTP/1 is ours, on whatever transport the filters left; HTTP/2 goes to Kestrel's
/// engine, which comes back with exchanges (<see cref="KestrelApplication"/>). Over TLS the client has said by ALPN what it speaks,
/// in the clear it says so by how it begins.
/// </summary>
internal sealed class HttpEntry(SnapshotStore snapshots, ProxyServices services)
{
    public Task RunAsync(ConnectionContext connection, ListenerPlan plan, ConnectionEntry entry)
    {
        if (plan.Source is not null && connection.Features.Get<IConnectionService>() is { } service)
        {
            return service.ServeAsync(connection, requests => RunHttp1Async(requests, entry));
        }

        if (plan.SpeaksNothing)
        {
            ConnectionReport.End(connection, "not_taken");
            return RefuseAsync(connection, entry);
        }

        if (!plan.SpeaksHttp2)
        {
            return RunHttp1Async(connection, entry);
        }

        if (connection.Features.Get<ITlsHandshakeFeature>() is not null)
        {
            var chosen = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default;
            return chosen.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span) ? RunEngineAsync(connection, entry)
                : plan.SpeaksHttp1 ? RunHttp1Async(connection, entry)
                : RefuseAsync(connection, entry);
        }

        return plan.SpeaksHttp1 ? PeekAsync(connection, entry) : RunEngineAsync(connection, entry);
    }

    private async Task PeekAsync(ConnectionContext connection, ConnectionEntry entry)
    {
        switch (await new PrefacePeek(connection, entry, snapshots.Current.Listeners.GetValueOrDefault(entry.Plan.Name), services).RunAsync())
        {
            case PrefaceVerdict.Http2:
                await RunEngineAsync(connection, entry);
                break;

            case PrefaceVerdict.Http1:
                await RunHttp1Async(connection, entry);
                break;
        }
    }

    private Task RunHttp1Async(ConnectionContext connection, ConnectionEntry entry) =>
        new Http1Connection(connection, entry, snapshots, services).RunAsync();

    private Task RunEngineAsync(ConnectionContext connection, ConnectionEntry entry) =>
        new KestrelConnection(connection, entry, snapshots, services).RunAsync(entry.Engine!);

    // Without ALPN a client speaks HTTP/1, which this listener does not; or it speaks nothing, and no filter took the connection.
    private Task RefuseAsync(ConnectionContext connection, ConnectionEntry entry)
    {
        services.Log.NoProtocol(entry.Plan.Name);
        connection.Abort();
        return Task.CompletedTask;
    }
}
