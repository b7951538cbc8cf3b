using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using FilterProxy.Filters.Auth;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// Finds the session of a request, and keeps and forgets sessions. A cookie that was opened lately is known again by all of its bytes: that allocates
/// nothing; opening one costs a few times its size.
/// </summary>
internal sealed class SessionKeeper
{
    private const int NoncePlace = 7;
    private const string Outlived = "outlived";

    /// <summary>Characters of an id.</summary>
    public const int IdLength = 32;

    private readonly OAuth2LoginOptions _options;
    private readonly LoginState _state;
    private readonly KeyRing _keys;
    private readonly TimeProvider _time;
    private readonly CookieJar _jar;
    private readonly byte[] _purpose;
    private readonly UInt128 _rules;
    private readonly long _lifetime, _idle, _skew;
    private readonly ILogger _logger;
    private readonly string _place;

    public SessionKeeper(OAuth2LoginOptions options, LoginState state, KeyRing keys, ComponentContext context)
    {
        var time = context.Time;
        (_logger, _place) = (context.Logger, context.Place);
        (_options, _state, _keys, _time) = (options, state, keys, time);
        _jar = new CookieJar(options.Session);
        _purpose = Encoding.UTF8.GetBytes($"session\0{_jar.Name}\0{options.Issuer}\0{options.ClientId}");
        _rules = keys.Fingerprint ^ Digest.Of(options.RolesClaim, options.Session.Lifetime.ToString(), Encoding.UTF8.GetString(_purpose));
        _lifetime = (long)options.Session.Lifetime.TotalMilliseconds;
        _idle = (long)options.Session.Idle.TotalMilliseconds;
        _skew = (long)options.ClockSkew.TotalMilliseconds;
        Remote = options.Session.Place == SessionPlace.Redis ? new RemoteSessions(options.Session, keys, context) : null;
    }

    public CookieJar Jar => _jar;

    /// <summary>Where all proxies have their sessions; null for none.</summary>
    public RemoteSessions? Remote { get; }

    // Of those in redis the ones that were asked for lately are kept here.
    private bool IsKept => _options.Session.Place != SessionPlace.Cookie;

    /// <summary>The session a request shows.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="session">The session, when it holds.</param>
    /// <param name="problem">Why it does not; empty where the request shows none.</param>
    public bool TryFind(RequestHead request, long now, [NotNullWhen(true)] out Session? session, out string problem)
    {
        byte[]? rented = null;
        session = null;
        problem = "";
        if (_jar.TryRead(request, ref rented, out var value))
        {
            session = IsKept ? FindKept(value) : FindOpened(value) ?? Open(value);
            problem = session is not null ? Check(session, now) : IsKept ? "unknown" : "unreadable";
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        if (problem.Length > 0)
        {
            session = null;
        }

        return session is not null;
    }

    /// <summary>Whether redis must be asked for the session a request shows, before <see cref="TryFind"/> can tell.</summary>
    public bool MustAsk(RequestHead request, out string id)
    {
        id = "";
        byte[]? rented = null;
        if (Remote is null || !_jar.TryRead(request, ref rented, out var value))
        {
            return false;
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
            return false;
        }

        if (value.Length != IdLength || !CookieJar.IsText(value)
            || (_state.Kept.TryGet(Digest.Of(value), out var known) && _time.GetElapsedTime(known.CheckedAt) < _options.Session.RedisCheck))
        {
            return false;
        }

        id = Encoding.ASCII.GetString(value);
        return true;
    }

    /// <summary>Asks redis for a session, so that <see cref="TryFind"/> finds it.</summary>
    /// <returns>False where redis is out of reach and it may not go on without.</returns>
    public async ValueTask<bool> AskAsync(string id)
    {
        var key = KeyOf(id);
        _state.Kept.TryGet(key, out var known);
        var (data, isAway) = await Remote!.ReadAsync(id);
        if (!isAway && data is null)
        {
            _state.Kept.Remove(key);
            return true;
        }

        // The one that is known is as good, and has everything made.
        var session = data is null || known?.Data.Generation == data.Generation ? known : Create(data);
        var hasEnded = session is null || isAway ? null : await Remote.HasEndedAsync(session);
        if (hasEnded is null)
        {
            if (!_options.Session.KeepWithoutRedis || known is null)
            {
                return false;
            }

            known.CheckedAt = _time.GetTimestamp();
            return true;
        }

        if (hasEnded.Value)
        {
            _state.Kept.Remove(key);
            return true;
        }

        session!.CheckedAt = _time.GetTimestamp();
        session.Touch(_time.GetUtcNow().ToUnixTimeMilliseconds());
        _state.Kept.Set(key, session);
        return true;
    }

    /// <summary>Makes a session of what there is to store.</summary>
    public Session Create(SessionData data)
    {
        var session = new Session(data, _options.RolesClaim, _options.Session.Lifetime, _time);
        if (session.SidKey != 0)
        {
            _state.KnownSids.Set(session.SidKey, LoginState.Present);
        }

        return session;
    }

    /// <summary>Whether there has been a session that belongs to the provider's of this key.</summary>
    public async ValueTask<bool> KnowsSidAsync(UInt128 key) => _state.KnownSids.TryGet(key, out _) || (Remote is not null && await Remote.KnowsSidAsync(key));

    /// <summary>Whether the client must be given its cookie anew, so that time without a request is counted from now.</summary>
    public bool IsStale(Session session, long now)
    {
        if (_idle == 0 || now - session.Seen < _idle / 4)
        {
            return false;
        }

        if (IsKept)
        {
            session.Touch(now);
            return false;
        }

        return true;
    }

    /// <summary>Keeps a session and tells the client. Into a response whose head was not sent.</summary>
    /// <returns>False when it is too large for its cookies.</returns>
    public bool Save(HttpExchange exchange, Session session, long now)
    {
        if (IsKept)
        {
            _jar.Write(exchange, session.Data.Id);
            return true;
        }

        var data = session.Data with { Seen = now };
        var sealedText = Seal(data);

        // The ID token is only shown to the provider at logout, which goes without it as well.
        if (sealedText.Length > _jar.Longest && _options.Relay != TokenRelay.IdToken)
        {
            sealedText = Seal(data with { IdToken = null });
        }

        if (sealedText.Length > _jar.Longest)
        {
            return false;
        }

        _jar.Write(exchange, sealedText);
        return true;
    }

    /// <summary>Keeps a session that is new, or has new tokens, where sessions are not with the client.</summary>
    /// <returns>False where redis did not take it; this proxy knows it all the same.</returns>
    public async ValueTask<bool> StoreAsync(Session session)
    {
        if (!IsKept)
        {
            return true;
        }

        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        session.Touch(Math.Max(session.Seen, now));
        session.CheckedAt = _time.GetTimestamp();
        var isWritten = Remote is null || await Remote.WriteAsync(session, now);
        _state.Kept.Set(KeyOf(session.Data.Id), session);
        return isWritten;
    }

    /// <summary>Takes over a session that another proxy has refreshed.</summary>
    public Session Adopt(SessionData data)
    {
        var session = Create(data);
        session.Touch(_time.GetUtcNow().ToUnixTimeMilliseconds());
        session.CheckedAt = _time.GetTimestamp();
        _state.Kept.Set(KeyOf(data.Id), session);
        return session;
    }

    /// <summary>Ends a session: its cookie is worth nothing from now on.</summary>
    /// <returns>False where other proxies could not be told.</returns>
    public async ValueTask<bool> EndAsync(Session session, long now)
    {
        _state.Kept.Remove(KeyOf(session.Data.Id));
        EndHere(session.Key, now);
        return Remote is null || (await Remote.EndAsync(session.Key, now) && await Remote.RemoveAsync(session.Data.Id));
    }

    /// <summary>Ends all sessions of a key up to now.</summary>
    /// <returns>False where other proxies could not be told.</returns>
    public async ValueTask<bool> EndAsync(UInt128 key, long now)
    {
        EndHere(key, now);
        return Remote is null || await Remote.EndAsync(key, now);
    }

    /// <summary>Drops sessions that have ended from memory.</summary>
    public void Sweep()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        _state.Kept.RemoveWhere(session => Check(session, now).Length > 0);
        _state.Opened.RemoveWhere(cookie => Check(cookie.Session, now).Length > 0);
    }

    private void EndHere(UInt128 key, long now)
    {
        if (!_state.Ended.End(key, now, now + _lifetime))
        {
            Log.AllEnded(_logger, _place);
        }
    }

    private Session? FindKept(ReadOnlySpan<byte> value) =>
        value.Length is > 0 and < 64 && _state.Kept.TryGet(Digest.Of(value), out var session) ? session : null;

    private static UInt128 KeyOf(string id) => Digest.Of(Encoding.ASCII.GetBytes(id));

    private Session? FindOpened(ReadOnlySpan<byte> value) =>
        value.Length > NoncePlace + 16 && _state.Opened.TryGet(NonceOf(value), out var opened) && opened.Rules == _rules
            && ConstantTime.AreEqual(opened.Value, value)
            ? opened.Session : null;

    // Twelve of the cookie's first bytes are random: as text they name it.
    private static UInt128 NonceOf(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadUInt128BigEndian(value[NoncePlace..]);

    private Session? Open(ReadOnlySpan<byte> value)
    {
        if (value.Length <= NoncePlace + 16 || CookieJar.Decode(value) is not { } bytes || !_keys.TryOpen(bytes, _purpose, out var plain)
            || !SessionData.TryRead(plain, out var data))
        {
            return null;
        }

        var session = Create(data);
        _state.Opened.Set(NonceOf(value), new OpenedCookie(value.ToArray(), _rules, session));
        return session;
    }

    private string Seal(SessionData data) => CookieJar.Encode(_keys.Seal(data.Write(), _purpose));

    // A clock was set back while it was known: what only this process remembers must not be forgotten with the table's entry.
    private string Check(Session session, long now)
    {
        var problem = Judge(session, now);
        if (problem == Outlived)
        {
            _state.Ended.End(session.Key, now, now + _lifetime);
        }

        return problem;
    }

    private string Judge(Session session, long now)
    {
        var data = session.Data;
        if (data.Issuer != _options.Issuer || data.ClientId != _options.ClientId)
        {
            return "foreign";
        }

        if (data.Created > now + _skew)
        {
            return "from_the_future";
        }

        if (now >= data.Created + _lifetime)
        {
            return "expired";
        }

        if (_time.GetTimestamp() >= session.EndsAt)
        {
            return Outlived;
        }

        if (_idle > 0 && now - session.Seen >= _idle)
        {
            return "idle";
        }

        return _state.Ended.Has(session) ? "ended" : "";
    }
}
