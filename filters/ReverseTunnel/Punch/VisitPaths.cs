using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Direct;
using FilterProxy.Filters.ReverseTunnel.Secret;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>
/// The visitor's side of an <c>xtcp</c> service: for each connection that is relayed, looks for a direct way beside it. After an attempt that has failed there is none for a while, and then one
/// at a time until one succeeds.
/// </summary>
internal sealed class VisitPaths
{
    // Connections that look for a way at a time; others are relayed.
    private const int MostAttempts = 64;

    // For what the agent says, beside the time it looks where it is seen.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly VisitDirectOptions _options;
    private readonly string _service;
    private readonly ComponentContext _context;
    private readonly PathRecord _record;
    private int _attempts;
    private long _failedAt;

    /// <param name="options">How.</param>
    /// <param name="service">Which service, for the log.</param>
    /// <param name="context">The component's.</param>
    public VisitPaths(VisitDirectOptions options, string service, ComponentContext context)
    {
        (_options, _service, _context) = (options, service, context);
        (_record, Metrics) = (new PathRecord(context.Time), new DirectMetrics(context.Meter));
    }

    public DirectMetrics Metrics { get; }

    /// <summary>Writes properties of an object.</summary>
    public void Write(Utf8JsonWriter writer) => _record.Write(writer);

    /// <summary>Agrees with the agent which way bytes take.</summary>
    /// <param name="relayed">Nothing was said on it yet; stays the caller's.</param>
    /// <param name="cancel">The client has left.</param>
    /// <returns>The direct way; null where they take the stream.</returns>
    /// <exception cref="UpstreamException">The agent has left, or cannot be understood.</exception>
    /// <exception cref="IOException">The stream was cut.</exception>
    /// <exception cref="OperationCanceledException">The client has left, or the agent takes too long.</exception>
    public async ValueTask<DirectPath?> ChooseAsync(SecretConnection relayed, CancellationToken cancel)
    {
        if (!TryBegin())
        {
            await PathLine.SendAsync(relayed, PathText.Write((PathOffer?)null), cancel);
            return null;
        }

        var socket = Candidates.TryOpen();
        string? outcome = null;
        try
        {
            (var path, outcome) = await LookAsync(relayed, socket, cancel);
            socket = path is null ? socket : null;
            return path;
        }
        finally
        {
            socket?.Dispose();
            End(outcome);
        }
    }

    private async ValueTask<(DirectPath? Path, string Outcome)> LookAsync(SecretConnection relayed, Socket? socket, CancellationToken cancel)
    {
        var time = _context.Time;
        var began = time.GetTimestamp();
        var own = socket is null ? [] : await Candidates.GatherAsync(socket, _options, _options.Timeout / 3, time, cancel);
        if (socket is null || own.Count == 0)
        {
            await PathLine.SendAsync(relayed, PathText.Write((PathOffer?)null), cancel);
            return (null, socket is null ? "no_socket" : "no_address");
        }

        var left = _options.Timeout - time.GetElapsedTime(began);
        var offer = new PathOffer(left, RandomNumberGenerator.GetBytes(PunchKeys.RandomLength), own);
        await PathLine.SendAsync(relayed, PathText.Write(offer), cancel);
        using var patience = new CancellationTokenSource(_options.Timeout + Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        if (!PathText.TryReadAnswer(await PathLine.ReadAsync(relayed, both.Token), out var answer))
        {
            throw PathLine.Malformed();
        }

        if (answer.Refusal is { } refusal)
        {
            return (null, refusal);
        }

        var keys = new PunchKeys(offer.Random, answer.Random);
        left = _options.Timeout - time.GetElapsedTime(began);
        var peer = left > TimeSpan.Zero ? await PunchAsync(socket, keys, Candidates.Usable(answer.Candidates, own), left, cancel) : null;
        await PathLine.SendAsync(relayed, PathText.Write(peer is not null), cancel);
        return peer is null
            ? (null, "timeout")
            : (new DirectPath(relayed, DirectConnection.Start(socket, peer, keys.Stream, isVisitor: true, time), isVisitor: true, time), "found");
    }

    private async ValueTask<IPEndPoint?> PunchAsync(Socket socket, PunchKeys keys, IReadOnlyList<IPEndPoint> candidates, TimeSpan limit, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(limit, _context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var peer = await new Puncher(socket, keys, isVisitor: true, candidates, _context.Time).RunAsync(both.Token);
        cancel.ThrowIfCancellationRequested();
        return peer;
    }

    private bool TryBegin()
    {
        lock (_lock)
        {
            var isAllowed = _options.Enabled && _attempts < MostAttempts
                && (_record.IsDirect is not false || (_attempts == 0 && _context.Time.GetElapsedTime(_failedAt) >= _options.Retry));
            _attempts += isAllowed ? 1 : 0;
            return isAllowed;
        }
    }

    private void End(string? outcome)
    {
        var isDirect = outcome == "found";
        bool isNew;
        lock (_lock)
        {
            _attempts--;
            if (outcome is null)
            {
                // The client has left, or the stream is gone: that says nothing.
                return;
            }

            _failedAt = isDirect ? 0 : _context.Time.GetTimestamp();
            isNew = _record.Note(isDirect, outcome);
        }

        Metrics.Tried(isDirect, outcome);
        if (isNew)
        {
            Log.PathTaken(_context.Logger, _service, isDirect ? "directly" : "through the server", outcome);
        }
    }
}
