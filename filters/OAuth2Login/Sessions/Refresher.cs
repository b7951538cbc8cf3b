using System.Text.Json;
using FilterProxy.Filters.Jose;
using FilterProxy.Filters.OAuth2Login.Login;
using FilterProxy.Filters.OAuth2Login.Provider;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// Gets new tokens for sessions whose tokens are about to end. A refresh token holds once (OAuth 2.1 §4.3.1), so all requests of a session share one
/// flight, and those that come later with the old cookie get what it brought.
/// </summary>
internal sealed class Refresher(LoginSite site, IdTokens idTokens)
{
    private static readonly TimeSpan KeepDone = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan KeepFailed = TimeSpan.FromSeconds(5);

    private readonly long _before = (long)site.Options.RefreshBefore.TotalMilliseconds;

    /// <summary>What a session's tokens need. Allocates nothing.</summary>
    /// <param name="session">The session.</param>
    /// <param name="now">Unix milliseconds.</param>
    public TokenNeed Judge(Session session, long now)
    {
        var data = session.Data;
        if (data.TokenEnds == 0)
        {
            return TokenNeed.None;
        }

        // By whichever clock says it first; and not before half of a short life is over, or each request would ask.
        var time = site.Context.Time;
        var left = Math.Min(data.TokenEnds - now, session.TokenEndsAt == long.MaxValue ? long.MaxValue : (long)time.GetElapsedTime(time.GetTimestamp(), session.TokenEndsAt).TotalMilliseconds);
        if (data.RefreshToken is null)
        {
            return left > 0 || site.Options.Session.OutlivesToken ? TokenNeed.None : TokenNeed.Over;
        }

        return left <= 0 ? TokenNeed.Now : left <= Math.Min(_before, (data.TokenEnds - data.TokensSince) / 2) ? TokenNeed.Soon : TokenNeed.None;
    }

    /// <summary>Whether a session may go on with the tokens it has, though the provider was not reached.</summary>
    public bool IsUsable(Session session, long now) => now < session.Data.TokenEnds + (long)site.Options.Stale.TotalMilliseconds;

    /// <summary>New tokens, from the flight that is under way, the one of a moment ago, or one that begins now.</summary>
    public Task<RefreshOutcome> RefreshAsync(Session session)
    {
        var key = session.Key + (UInt128)session.Data.Generation;
        while (true)
        {
            var flight = site.State.Refreshes.GetOrAdd(key, static _ => new Flight<RefreshOutcome>(), 0);
            if (!flight.IsCurrent(site.Context.Time.GetTimestamp()))
            {
                site.State.Refreshes.Remove(key, flight);
                continue;
            }

            if (flight.TryStart())
            {
                // Whoever asked may go away; the others still wait, and the token is spent.
                _ = Task.Run(() => RunAsync(flight, session));
            }

            return flight.Task;
        }
    }

    private async Task RunAsync(Flight<RefreshOutcome> flight, Session session)
    {
        RefreshOutcome outcome;
        try
        {
            outcome = await AskAsync(session);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            outcome = Failed(session, e.Message);
        }

        site.Metrics.Refresh(outcome.Session is not null ? "done" : outcome.IsRefused ? "refused" : "failed");
        var time = site.Context.Time;
        var keep = outcome.Session is null && !outcome.IsRefused ? KeepFailed : KeepDone;
        flight.Complete(outcome, time.GetTimestamp() + (long)(keep.TotalSeconds * time.TimestampFrequency));
    }

    private async Task<RefreshOutcome> AskAsync(Session session)
    {
        var data = session.Data;
        if (site.Sessions.Remote is { } remote)
        {
            var (isOurs, isGone, newer) = await remote.BeginRefreshAsync(data, site.Options.Timeout);
            if (!isOurs)
            {
                return newer is not null ? new RefreshOutcome(site.Sessions.Adopt(newer), IsRefused: false)
                    : isGone ? await RefusedAsync(session, "it has ended at another proxy")
                    : Failed(session, "redis does not say who refreshes it");
            }
        }

        var tokens = await site.Provider.AskTokensAsync([new("grant_type", "refresh_token"), new("refresh_token", data.RefreshToken!)]);
        if (tokens.IsFailed)
        {
            return tokens.IsRefused ? await RefusedAsync(session, tokens.Problem) : Failed(session, tokens.Problem);
        }

        JwtClaims? claims = null;
        if (tokens.IdToken is { } idToken)
        {
            (claims, var problem) = await idTokens.CheckAsync(idToken, nonce: null, tokens.AccessToken);
            if (claims is null || claims.Subject != data.Subject)
            {
                // A provider that takes one user for another is believed in nothing.
                return await RefusedAsync(session, claims is null ? problem : "the ID token is another user's");
            }
        }

        JsonElement? user = null;
        if (site.Options.Userinfo)
        {
            // The refresh token is spent, so the session goes on with what was known where userinfo does not answer.
            (user, var problem) = await LoginEndpoint.AskUserAsync(site.Provider, tokens.AccessToken, data.Subject);
            if (user is null)
            {
                Log.NotRefreshed(site.Context.Logger, site.Context.Place, JwtFailure.Show(data.Subject), problem, "The claims stay as they were");
            }
        }

        var now = site.Now;
        var refreshed = site.Sessions.Create(data with
        {
            Generation = data.Generation + 1,
            Seen = Math.Max(session.Seen, now),
            TokensSince = now,
            TokenEnds = tokens.ExpiresIn == 0 ? 0 : now + (tokens.ExpiresIn * 1000),
            Scope = tokens.Scope ?? data.Scope,
            AccessToken = tokens.AccessToken,
            RefreshToken = tokens.RefreshToken ?? data.RefreshToken,
            IdToken = tokens.IdToken ?? data.IdToken,
            Claims = ClaimsOf(data, claims, user),
            UserClaims = user is null ? data.UserClaims : [.. LoginEndpoint.OfUser(user).Select(claim => claim.Name)],
        });
        if (site.State.Ended.Has(refreshed))
        {
            return new RefreshOutcome(null, IsRefused: true);
        }

        _ = await site.Sessions.StoreAsync(refreshed);
        return new RefreshOutcome(refreshed, IsRefused: false);
    }

    // What is said now replaces what was said before by the same source: a role that was taken away must be gone. A source that is silent leaves its own.
    private static byte[] ClaimsOf(SessionData data, JwtClaims? claims, JsonElement? user)
    {
        var before = JwtClaims.Read(data.Claims, out _)!.Root.EnumerateObject().ToList();
        var ofToken = claims?.Root.EnumerateObject() ?? before.Where(claim => !data.UserClaims.Contains(claim.Name, StringComparer.Ordinal));
        var ofUser = user is not null ? LoginEndpoint.OfUser(user) : before.Where(claim => data.UserClaims.Contains(claim.Name, StringComparer.Ordinal));
        return IdTokens.Merge([.. ofToken, .. ofUser]);
    }

    private RefreshOutcome Failed(Session session, string problem)
    {
        Log.NotRefreshed(site.Context.Logger, site.Context.Place, JwtFailure.Show(session.Data.Subject), problem, "It is tried again");
        return new RefreshOutcome(null, IsRefused: false);
    }

    private async ValueTask<RefreshOutcome> RefusedAsync(Session session, string problem)
    {
        Log.NotRefreshed(site.Context.Logger, site.Context.Place, JwtFailure.Show(session.Data.Subject), problem, "The session has ended");
        _ = await site.Sessions.EndAsync(session, site.Now);
        return new RefreshOutcome(null, IsRefused: true);
    }
}
