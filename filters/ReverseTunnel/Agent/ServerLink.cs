using System.Text.Json;
using System.Threading.Channels;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Streams;
using FilterProxy.Filters.ReverseTunnel.Work;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>The connections of an agent to one server: one session, and a place for each connection that is to be there.</summary>
internal sealed class ServerLink
{
    // After a tunnel for busy times that was not to be had, or is needed no more, so long none is asked for.
    private static readonly TimeSpan CalmTime = TimeSpan.FromSeconds(1);
    private readonly TunnelSource _source;
    private readonly Endpoint _endpoint;
    private readonly UpstreamPeer _peer;
    private readonly ChannelWriter<ConnectionContext> _ready;
    private readonly CancellationTokenSource _stop;
    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Occasion _complaints;
    private readonly Task _keeping;
    private readonly WorkLink _work;
    private readonly TunnelPlace[] _tunnels;
    private readonly CancellationToken _stopped;
    private readonly Lock _lock = new();
    private (TunnelPlace Place, Task Keeping)[] _spares = [];
    private long _calmSince;
    private volatile string? _session;
    private volatile string? _lastError;
    private readonly Dictionary<string, string> _places = [];
    private readonly ServiceAnswers _answers;

    public ServerLink(TunnelSource source, Endpoint endpoint, ChannelWriter<ConnectionContext> ready, CancellationToken stop)
    {
        (_source, _endpoint, _ready) = (source, endpoint, ready);
        _peer = endpoint.Peer with { Protocol = UpstreamProtocol.Bytes };
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _complaints = new Occasion(source.Context.Time);
        _stopped = _stop.Token;
        _answers = new ServiceAnswers(source.Run.Offer, Tell, source.Context.Time, _stopped);
        _session = source.SessionWith(endpoint);
        _tunnels = [.. Enumerable.Range(0, source.Address.Count).Select(_ => new TunnelPlace(source, this, isSpare: false))];
        _keeping = Task.WhenAll(_tunnels.Select((place, i) => KeepAsync(place, isFirst: i == 0)));
        _work = new WorkLink(source, this, ready, _stopped);
    }

    /// <summary>Completes when the server has let the first connection in, and said which session it belongs to.</summary>
    internal Task Welcomed => _welcomed.Task;

    /// <summary>Dials no more.</summary>
    /// <param name="leave">Whether the connections there are end as well, with their last stream; otherwise they are their listener's to end.</param>
    public async Task EndAsync(bool leave)
    {
        await _stop.CancelAsync();
        await Task.WhenAll([_keeping, _work.Ended, .. Spares.Select(spare => spare.Keeping)]);
        foreach (var place in leave ? All : [])
        {
            place.Leave();
        }

        _stop.Dispose();
    }

    public void WriteView(Utf8JsonWriter writer, string server)
    {
        writer.WriteStartObject();
        writer.WriteString("server", server);
        writer.WriteNumber("connections", All.Count(place => place.IsUp));
        writer.WriteNumber("wanted", _tunnels.Length);
        writer.WriteNumber("work_connections_idle", _work.Idle);
        writer.WriteString("session", _session);
        writer.WriteNumber("redials", _tunnels.Sum(place => place.Redials));
        writer.WriteString("last_error", _lastError);
        writer.WriteEndObject();
    }

    /// <summary>A tunnel is there: has the listener serve it.</summary>
    /// <param name="connection">It.</param>
    /// <param name="welcome">What the server said.</param>
    /// <param name="place">Whose it is.</param>
    internal async ValueTask BeginAsync(ConnectionContext connection, TunnelWelcome welcome, TunnelPlace place)
    {
        Tell(welcome);
        _session = welcome.SessionId;
        _source.Keep(_endpoint, welcome.SessionId);
        connection.Features.Set<IStreamService>(new AgentStreams(welcome.SessionId, _source.Run, connection, _answers, _source.Options.IsElastic ? place : null));
        _welcomed.TrySetResult();
        Log.Up(_source.Context.Logger, _source.Address.Identity.ToString(), _endpoint.Name, welcome.SessionId);
        if (!_ready.TryWrite(connection))
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>A tunnel has ended by itself.</summary>
    internal void OnDown()
    {
        _lastError = "the tunnel has ended";
        Log.Down(_source.Context.Logger, _source.Address.Identity.ToString(), _endpoint.Name);
    }

    /// <summary>A tunnel has as many streams as one is to have: has one more dialled where all have, and there may be more.</summary>
    internal void OnBusy()
    {
        if (_tunnels.Length + Spares.Length >= _source.Options.MaxConnections)
        {
            return;
        }

        var time = _source.Context.Time;
        lock (_lock)
        {
            if (_tunnels.Length + Spares.Length < _source.Options.MaxConnections && !_stopped.IsCancellationRequested
                && (_calmSince == 0 || time.GetElapsedTime(_calmSince) >= CalmTime)
                && All.All(place => place.IsUp && place.Streams >= _source.Options.StreamsPerConnection))
            {
                var spare = new TunnelPlace(_source, this, isSpare: true);
                Volatile.Write(ref _spares, [.. _spares, (spare, Task.Run(() => KeepSpareAsync(spare)))]);
            }
        }
    }

    private (TunnelPlace Place, Task Keeping)[] Spares => Volatile.Read(ref _spares);

    private IEnumerable<TunnelPlace> All => _tunnels.Concat(Spares.Select(spare => spare.Place));

    private async Task KeepAsync(TunnelPlace place, bool isFirst)
    {
        try
        {
            if (!isFirst)
            {
                // The first one learns the session that the others belong to.
                await _welcomed.Task.WaitAsync(_stopped);
            }

            await place.KeepAsync(_stopped);
        }
        catch (OperationCanceledException)
        {
            // The listener has stopped.
        }
    }

    private async Task KeepSpareAsync(TunnelPlace spare)
    {
        await KeepAsync(spare, isFirst: false);
        lock (_lock)
        {
            _calmSince = _source.Context.Time.GetTimestamp();
            Volatile.Write(ref _spares, [.. _spares.Where(other => other.Place != spare)]);
        }
    }

    /// <summary>Connects to the server and asks it for a tunnel.</summary>
    /// <returns>The connection; null where there is none, and why.</returns>
    /// <exception cref="OperationCanceledException">The listener has stopped.</exception>
    internal async Task<(ConnectionContext? Connection, HandshakeReply Reply)> DialAsync(TunnelKind kind)
    {
        ConnectionContext? connection = null;
        HandshakeReply reply;
        try
        {
            connection = await ConnectAsync();
            reply = await _source.Handshake.RunAsync(connection.Transport, Hello(kind), _stopped);
            if (reply.Welcome is not null)
            {
                var opened = connection;
                connection = null;
                return (opened, reply);
            }
        }
        catch (UpstreamException e)
        {
            reply = new HandshakeReply(null, 0, e.Error.Detail ?? e.Error.Kind.ToString());
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it is: an agent that gave up would be gone for good.
            reply = new HandshakeReply(null, 0, e.Message);
        }
        finally
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }

        Complain(reply);
        return (null, reply);
    }

    private async ValueTask<ConnectionContext> ConnectAsync()
    {
        using var timeout = new CancellationTokenSource(_source.Options.ConnectTimeout, _source.Context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped);
        try
        {
            return await _source.Server.ConnectToAsync(_peer, both.Token);
        }
        catch (UpstreamException) when (_stopped.IsCancellationRequested)
        {
            throw new OperationCanceledException(_stopped);
        }
    }

    private TunnelHello Hello(TunnelKind kind)
    {
        var hello = new TunnelHello(_source.Address.Identity)
        {
            Kind = kind,
            Capabilities = TunnelCapabilities.Http | TunnelCapabilities.Grpc | TunnelCapabilities.Ws | _source.Run.Services.Capabilities,
            Labels = _source.Options.Labels,
            SessionId = _session,
            Server = _source.Address.Server,
        };
        if (kind == TunnelKind.Work)
        {
            return hello;
        }

        var (revision, services, _) = _source.Run.Offer.Now;
        return hello with { Services = services, Revision = revision };
    }

    // Once for a session, and again where the server was restarted: its ports may be others.
    private void Tell(TunnelWelcome welcome)
    {
        foreach (var service in welcome.Services)
        {
            Tell(new ServiceOutcome(service.Name, service, ""));
        }
    }

    private void Tell(ServiceOutcome outcome)
    {
        var place = outcome.Placed is not { } service ? outcome.Reason
            : service.Port > 0 ? $"port {service.Port}"
            : TunnelVisit.IsSecret(service.Type) ? "nobody's port: visitors alone reach it"
            : string.Join(", ", service.Hosts.Select(host => host + service.Path));
        lock (_places)
        {
            if (_places.TryGetValue(outcome.Name, out var known) && known == place)
            {
                return;
            }

            _places[outcome.Name] = place;
        }

        if (outcome.Placed is null)
        {
            Log.NotPlaced(_source.Context.Logger, _endpoint.Name, outcome.Name, place);
        }
        else
        {
            Log.Placed(_source.Context.Logger, _endpoint.Name, outcome.Name, place);
        }
    }

    private void Complain(HandshakeReply reply)
    {
        _lastError = reply.Status == 0 ? reply.Reason : $"{reply.Status} {reply.Reason}";
        if (!_complaints.TryTake(out var skipped))
        {
            return;
        }

        var agent = _source.Address.Identity.ToString();
        if (reply.Status == 0)
        {
            Log.Unreachable(_source.Context.Logger, _endpoint.Name, agent, reply.Reason, skipped);
        }
        else
        {
            Log.Refused(_source.Context.Logger, _endpoint.Name, agent, reply.Status, reply.Reason, skipped);
        }
    }
}
