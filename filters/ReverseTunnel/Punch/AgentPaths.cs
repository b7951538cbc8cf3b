using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Direct;
using FilterProxy.Filters.ReverseTunnel.Secret;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>The agent's side of <c>xtcp</c> services: looks for a direct way to visitors that want one, who have proved that they have the key.</summary>
internal sealed class AgentPaths
{
    // Visitors for whom a way is looked for at a time; others are relayed.
    private const int MostAttempts = 64;

    // However long a visitor would look.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    // For what the visitor says, beside the time it looks.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly DirectOptions _options;
    private readonly TimeProvider _time;
    private readonly PathRecord _record;
    private int _attempts;

    /// <param name="options">How.</param>
    /// <param name="context">The component's.</param>
    public AgentPaths(DirectOptions options, ComponentContext context)
    {
        (_options, _time) = (options, context.Time);
        (_record, Metrics) = (new PathRecord(context.Time), new DirectMetrics(context.Meter));
    }

    public DirectMetrics Metrics { get; }

    /// <summary>Writes properties of an object.</summary>
    public void Write(Utf8JsonWriter writer) => _record.Write(writer);

    /// <summary>Agrees with a visitor which way bytes take.</summary>
    /// <param name="visitor">It has been told that its service is reached; stays the caller's.</param>
    /// <param name="aborted">The stream is broken.</param>
    /// <returns>The direct way; null where they take the stream.</returns>
    /// <exception cref="UpstreamException">The visitor has left, or cannot be understood.</exception>
    /// <exception cref="IOException">The stream was cut.</exception>
    /// <exception cref="OperationCanceledException">The visitor took too long, or the stream is broken.</exception>
    public async ValueTask<DirectPath?> ChooseAsync(SecretConnection visitor, CancellationToken aborted)
    {
        using var patience = new CancellationTokenSource(Patience + Longest, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        if (!PathText.TryReadOffer(await PathLine.ReadAsync(visitor, both.Token), out var offer))
        {
            throw PathLine.Malformed();
        }

        if (offer is null)
        {
            return null;
        }

        if (!_options.Enabled)
        {
            return await RefuseAsync(visitor, "agent_disabled", both.Token);
        }

        Socket? socket = null;
        try
        {
            if (Interlocked.Increment(ref _attempts) > MostAttempts)
            {
                return await RefuseAsync(visitor, "agent_busy", both.Token);
            }

            if ((socket = Candidates.TryOpen()) is null)
            {
                return await RefuseAsync(visitor, "agent_no_socket", both.Token);
            }

            patience.CancelAfter(Patience + Longest);
            var path = await LookAsync(visitor, offer, socket, both.Token);
            socket = path is null ? socket : null;
            Note(path is not null, path is null ? "timeout" : "found");
            return path;
        }
        finally
        {
            Interlocked.Decrement(ref _attempts);
            socket?.Dispose();
        }
    }

    private async ValueTask<DirectPath?> LookAsync(SecretConnection visitor, PathOffer offer, Socket socket, CancellationToken cancel)
    {
        var limit = offer.Timeout < Longest ? offer.Timeout : Longest;
        var own = await Candidates.GatherAsync(socket, _options, limit / 3, _time, cancel);
        var answer = new PathAnswer(null, RandomNumberGenerator.GetBytes(PunchKeys.RandomLength), own);
        await PathLine.SendAsync(visitor, PathText.Write(answer), cancel);

        var keys = new PunchKeys(offer.Random, answer.Random);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(limit + Patience);
        var punching = new Puncher(socket, keys, isVisitor: false, Candidates.Usable(offer.Candidates, own), _time).RunAsync(over.Token);
        bool isDirect;
        try
        {
            if (!PathText.TryReadVerdict(await PathLine.ReadAsync(visitor, over.Token), out isDirect))
            {
                throw PathLine.Malformed();
            }
        }
        finally
        {
            await over.CancelAsync();
            await punching;
        }

        if (!isDirect)
        {
            return null;
        }

        // Who says that a way was confirmed which was not, is no visitor of ours.
        var peer = await punching ?? throw PathLine.Malformed();
        return new DirectPath(visitor, DirectConnection.Start(socket, peer, keys.Stream, isVisitor: false, _time), isVisitor: false, _time);
    }

    private async ValueTask<DirectPath?> RefuseAsync(SecretConnection visitor, string why, CancellationToken cancel)
    {
        await PathLine.SendAsync(visitor, PathText.Write(PathAnswer.No(why)), cancel);
        Note(false, why);
        return null;
    }

    private void Note(bool isDirect, string reason)
    {
        _record.Note(isDirect, reason);
        Metrics.Tried(isDirect, reason);
    }
}
