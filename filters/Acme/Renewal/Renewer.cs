using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.Acme.Challenges;
using FilterProxy.Filters.Acme.Client;
using FilterProxy.Filters.Acme.Store;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Acme.Renewal;

/// <summary>
/// Keeps one certificate what it should be, for as long as its source lives: loads it, gets the first, renews it in time. What fails
/// is tried again later; what is served stays served.
/// </summary>
internal sealed class Renewer(AcmeOptions options, CertificateStore store, IChallengeSolver solver, ComponentContext context, RenewalState state)
{
    // The listeners that answer challenges open right after the components have started.
    private static readonly TimeSpan StartDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromHours(6);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(7);

    // Clocks are set, and other processes renew what is ours too: nothing is slept through for long.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);
    private static readonly TimeSpan LockPause = TimeSpan.FromSeconds(1);
    private readonly string _file = store.CertificateFile(options);
    private readonly RenewalInfo _info = new(context.Time);
    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.Logger;
    private readonly string _names = string.Join(", ", options.Names);
    private int _failures;
    private DateTimeOffset _notAgainBefore;

    /// <summary>Takes what lies on disk. Nobody is asked.</summary>
    public void Load()
    {
        if (CertificateStore.IsExposed(_file))
        {
            Log.Exposed(_logger, _file);
        }

        if (TryRead() is { } stored)
        {
            Take(stored);
            Log.Loaded(_logger, _names, stored.NotAfter, RenewalTime.Of(stored));
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await SleepAsync(StartDelay, stop);
            while (true)
            {
                var pause = await StepAsync(stop);
                await SleepAsync(pause < LongestSleep ? pause : LongestSleep, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The configuration, or the process, goes.
        }
    }

    /// <summary>Does what is due and says how long nothing will be.</summary>
    private async Task<TimeSpan> StepAsync(CancellationToken stop)
    {
        Adopt();
        var now = _time.GetUtcNow();
        if (state.NotBefore > now)
        {
            return state.NotBefore - now;
        }

        try
        {
            using var transport = new AcmeTransport(Trust(), _time);
            if (state.Current is { } current)
            {
                if (_info.IsDue(current))
                {
                    await _info.AskAsync(transport, options.Directory, current, stop);
                }

                var wanted = RenewalTime.Of(current, _info.Window);
                state.NextRenewal = wanted > _notAgainBefore ? wanted : _notAgainBefore;
                if (state.NextRenewal > now)
                {
                    return Earlier(state.NextRenewal - now, _info.Next - now);
                }
            }

            using var held = CertificateStore.TryLock(_file);
            if (held is null || Adopt())
            {
                // Somebody else is at it, or was.
                return LockPause;
            }

            await RenewAsync(transport, stop);
            return TimeSpan.Zero;
        }
        catch (Exception e) when (!(e is OperationCanceledException && stop.IsCancellationRequested))
        {
            return Fail(e);
        }
    }

    private async Task RenewAsync(AcmeTransport transport, CancellationToken stop)
    {
        var replaced = state.Current;
        Log.Ordering(_logger, _names, options.Directory.Host, options.Challenge.ToString());
        using var account = new Account(options, store);
        var client = await account.OpenAsync(transport, stop);
        var issuance = new Issuance(client, options, solver, _time);
        IssuedCertificate issued;
        try
        {
            issued = await issuance.RunAsync(client.RenewalInfo is null ? null : replaced?.RenewalId, stop);
        }
        catch (AcmeException e) when (e.Type == "accountDoesNotExist" && account.IsStored)
        {
            // The CA forgot it: the same key asks for one again, once.
            await account.RegisterAsync(client, stop);
            issued = await issuance.RunAsync(null, stop);
        }

        // Served even where it cannot be written: it is good, and the CA counts how many it gave.
        Take(issued);
        (_failures, state.LastError) = (0, "");
        state.Count("issued");

        // A wrong clock here, or a wrong window there, makes no flood of orders.
        var pause = (issued.NotAfter - issued.NotBefore) / 10;
        _notAgainBefore = _time.GetUtcNow() + (pause < LongestSleep ? pause : LongestSleep);
        Log.Issued(_logger, _names, issued.NotAfter, RenewalTime.Of(issued));
        try
        {
            CertificateStore.Write(_file, issued.Pem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CannotStore(_logger, _file, e.Message);
        }
    }

    private TimeSpan Fail(Exception exception)
    {
        var problem = exception as AcmeException;
        var first = problem?.IsTransport == true ? options.Backoff / 5 : options.Backoff;
        var doubled = first * Math.Pow(2, Math.Min(_failures, 20));
        var pause = (doubled < LongestBackoff ? doubled : LongestBackoff) * (0.9 + (0.2 * Random.Shared.NextDouble()));
        if (problem?.RetryAfter is { } wished && wished > pause)
        {
            // With a little more, or everybody who was told the same comes back at the same moment.
            pause = (wished < LongestRetryAfter ? wished : LongestRetryAfter) + (first * Random.Shared.NextDouble() * 0.1);
        }

        _failures++;
        var now = _time.GetUtcNow();
        state.NotBefore = now + pause;
        state.LastError = exception.Message;
        state.Count("failed");
        var expires = state.Current is { } current ? $"the certificate in use expires {current.NotAfter:u}" : "there is no certificate yet";
        if (problem is null)
        {
            Log.Broken(_logger, exception, _names, state.NotBefore, expires);
        }
        else
        {
            Log.Failed(_logger, _names, problem.Type.Length > 0 ? $"{problem.Message} ({problem.Type})" : problem.Message, state.NotBefore, expires);
        }

        return pause;
    }

    /// <summary>Takes a certificate another process, or another source of this one, has put into the store.</summary>
    private bool Adopt()
    {
        if (TryRead() is not { } stored || stored.NotAfter <= (state.Current?.NotAfter ?? DateTimeOffset.MinValue))
        {
            return false;
        }

        Take(stored);
        (_failures, state.LastError, state.NotBefore) = (0, "", DateTimeOffset.MinValue);
        Log.Loaded(_logger, _names, stored.NotAfter, RenewalTime.Of(stored));
        return true;
    }

    private void Take(IssuedCertificate certificate)
    {
        state.Current = certificate;
        state.NextRenewal = RenewalTime.Of(certificate, null);
    }

    /// <summary>What lies on disk; null when there is none that is ours, with a word about why.</summary>
    private IssuedCertificate? TryRead()
    {
        try
        {
            if (CertificateStore.Read(_file) is not { } pem || pem == state.Current?.Pem)
            {
                return null;
            }

            var stored = IssuedCertificate.FromPem(pem);
            return stored.IsFor(options.Names) ? stored : null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(_logger, _file, e.Message);
            return null;
        }
    }

    private X509Certificate2Collection? Trust()
    {
        if (options.Ca is not { } file)
        {
            return null;
        }

        // Read each time: a private CA's root is renewed as well.
        var trust = new X509Certificate2Collection();
        trust.ImportFromPemFile(Path.Combine(context.ConfigDirectory, file));
        return trust;
    }

    // Timers count whole milliseconds: what is left of one would be no pause, and the step after it find nothing due.
    private Task SleepAsync(TimeSpan pause, CancellationToken stop) =>
        Task.Delay(pause > TimeSpan.Zero ? pause + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, _time, stop);

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => other > TimeSpan.Zero && other < one ? other : one;
}
