using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Egress;

/// <summary>
/// Serves clients that say where they want to go and are relayed there where they may: a handshake within a deadline, a way out, an answer.
/// </summary>
public abstract class EgressFilter : IConnectionFilter
{
    private readonly TimeSpan _handshakeTimeout;
    private readonly TimeProvider _time;
    private readonly EgressWay _way;

    private protected EgressFilter(string name, EgressOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (_handshakeTimeout, _time) = (options.HandshakeTimeout, context.Time);
        _way = new EgressWay(name, options, context);
        Users = new EgressUsers(options.Users);
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <summary>Who may use it.</summary>
    private protected EgressUsers Users { get; }

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(connection);
        EgressRequest request;
        using (var handshake = new Handshake(connection.Transport.Input, _time, _handshakeTimeout))
        {
            request = await AskAsync(connection, handshake);
            if (!handshake.TryEnd())
            {
                _way.GiveUp(connection, "handshake_timeout");
                connection.Abort(new ConnectionAbortedException("The client did not say in time where it wants to go."));
                return;
            }
        }

        if (request.Destination is not { } destination)
        {
            // It ends in order: what it is told must reach it.
            _way.GiveUp(connection, request.Refusal);
            if (!request.Answer.IsEmpty)
            {
                await connection.Transport.Output.WriteAsync(request.Answer);
            }

            return;
        }

        var (upstream, error) = await _way.OpenAsync(connection, destination);
        await using (upstream)
        {
            if (upstream is null)
            {
                _way.GiveUp(connection, EgressWay.ReasonOf(error), destination);
            }

            await connection.Transport.Output.WriteAsync(AnswerTo(error));
            if (upstream is not null)
            {
                await _way.RelayAsync(connection, upstream);
            }
        }
    }

    /// <summary>Reads what the client says, and answers what it must be answered meanwhile.</summary>
    private protected abstract ValueTask<EgressRequest> AskAsync(ConnectionContext connection, Handshake handshake);

    /// <summary>What a client is told of its way.</summary>
    private protected abstract byte[] AnswerTo(EgressError error);
}
