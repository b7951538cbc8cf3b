using System.Globalization;
using System.Text;
using FilterProxy.Filters.Resp;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// Sessions in redis, which all proxies share: sealed, so that who reads redis has no tokens. A logout ends them everywhere. Keys are digests of what they
/// stand for.
/// </summary>
internal sealed class RemoteSessions : IDisposable
{
    private static readonly TimeSpan LockTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] Purpose = "session in redis"u8.ToArray();

    private readonly RespClient _redis;
    private readonly SessionOptions _options;
    private readonly KeyRing _keys;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _place;

    public RemoteSessions(SessionOptions options, KeyRing keys, ComponentContext context)
    {
        (_options, _keys, _time, _logger, _place) = (options, keys, context.Time, context.Logger, context.Place);
        _redis = new RespClient(context.GetCluster(options.Redis!.Cluster), options.Redis, context.Time, context.Logger);
    }

    /// <summary>Reads a session, which counts as a use of it.</summary>
    /// <returns>What there is, null for nothing; and whether redis could be asked.</returns>
    public async ValueTask<(SessionData? Data, bool IsAway)> ReadAsync(string id)
    {
        var reply = _options.Idle == TimeSpan.Zero
            ? await _redis.SendAsync(new RespCommand(2).Add("GET").AddKey(SessionKey(id)))
            : await _redis.SendAsync(new RespCommand(4).Add("GETEX").AddKey(SessionKey(id)).Add("PX").Add((long)_options.Idle.TotalMilliseconds));
        if (!reply.IsDone)
        {
            return (null, IsAway: true);
        }

        return (reply.Value.IsNull || !_keys.TryOpen(reply.Value.Bytes, Purpose, out var plain) || !SessionData.TryRead(plain, out var data) || data.Id != id ? null : data, IsAway: false);
    }

    /// <summary>Whether a session, the provider's that it belongs to, or its user have been logged out at any proxy.</summary>
    /// <returns>Null where redis could not be asked.</returns>
    public async ValueTask<bool?> HasEndedAsync(Session session)
    {
        UInt128[] keys = session.SidKey == 0 ? [session.Key, session.SubjectKey] : [session.Key, session.SubjectKey, session.SidKey];
        foreach (var reply in await Task.WhenAll(keys.Select(key => _redis.SendAsync(new RespCommand(2).Add("GET").AddKey(EndedKey(key))).AsTask())))
        {
            if (!reply.IsDone)
            {
                return null;
            }

            if (!reply.Value.IsNull && (!reply.Value.TryGetInteger(out var at) || session.Data.Created <= at))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether any proxy has had a session that belongs to the provider's of this key.</summary>
    public async ValueTask<bool> KnowsSidAsync(UInt128 key) => await _redis.SendAsync(new RespCommand(2).Add("GET").AddKey(SidKey(key))) is { IsDone: true, Value.IsNull: false };

    public async ValueTask<bool> WriteAsync(Session session, long now)
    {
        var data = session.Data;
        var left = data.Created + (long)_options.Lifetime.TotalMilliseconds - now;
        var keep = _options.Idle == TimeSpan.Zero ? left : Math.Min(left, (long)_options.Idle.TotalMilliseconds);
        if (session.SidKey != 0)
        {
            _ = Succeeded(await _redis.SendAsync(new RespCommand(5).Add("SET").AddKey(SidKey(session.SidKey)).Add("1").Add("PX").Add((long)_options.Lifetime.TotalMilliseconds)), "kept");
        }

        return keep > 0 && Succeeded(
            await _redis.SendAsync(new RespCommand(5).Add("SET").AddKey(SessionKey(data.Id)).Add(_keys.Seal(data.Write(), Purpose)).Add("PX").Add(keep)), "kept");
    }

    public async ValueTask<bool> RemoveAsync(string id) => Succeeded(await _redis.SendAsync(new RespCommand(2).Add("DEL").AddKey(SessionKey(id))), "ended");

    /// <summary>Ends all sessions of a key up to now, at every proxy.</summary>
    public async ValueTask<bool> EndAsync(UInt128 key, long now) => Succeeded(
        await _redis.SendAsync(new RespCommand(5).Add("SET").AddKey(EndedKey(key)).Add(now).Add("PX").Add((long)_options.Lifetime.TotalMilliseconds)), "ended");

    /// <summary>
    /// Whether this proxy is the one to refresh a session: a refresh token holds once. If another is at it, waits for what that brings.
    /// </summary>
    /// <param name="session">The session as it is known here.</param>
    /// <param name="patience">How long.</param>
    /// <returns>Whether to go ahead, or the session is no more; else the session as the other left it, or null where that could not be found out.</returns>
    public async ValueTask<(bool IsOurs, bool IsGone, SessionData? Newer)> BeginRefreshAsync(SessionData session, TimeSpan patience)
    {
        var mark = $"{_options.RedisPrefix}refresh:{Digest.Of(session.Issuer, "id", session.Id):x32}:{session.Generation.ToString(CultureInfo.InvariantCulture)}";
        var reply = await _redis.SendAsync(new RespCommand(6).Add("SET").AddKey(mark).Add("1").Add("NX").Add("PX").Add((long)LockTime.TotalMilliseconds));
        if (!reply.IsDone)
        {
            return (false, false, null);
        }

        var began = _time.GetTimestamp();
        var isOurs = !reply.Value.IsNull;
        do
        {
            // Also if it is ours: another may have been through before.
            var (data, isAway) = await ReadAsync(session.Id);
            if (isOurs || isAway || data is null || data.Generation > session.Generation)
            {
                var isNewer = data?.Generation > session.Generation;
                return (isOurs && !isAway && data is not null && !isNewer, !isAway && data is null, isNewer ? data : null);
            }

            await Task.Delay(Step, _time);
        }
        while (_time.GetElapsedTime(began) < patience);

        return (false, false, null);
    }

    public void Dispose() => _redis.Dispose();

    private string SessionKey(string id) => $"{_options.RedisPrefix}session:{Digest.Of(Encoding.ASCII.GetBytes(id)):x32}";

    private string SidKey(UInt128 key) => $"{_options.RedisPrefix}sid:{key:x32}";

    private string EndedKey(UInt128 key) => $"{_options.RedisPrefix}ended:{key:x32}";

    private bool Succeeded(RespReply reply, string what)
    {
        if (!reply.IsDone)
        {
            Log.RedisFailed(_logger, _place, what, reply.Problem);
        }

        return reply.IsDone;
    }
}
