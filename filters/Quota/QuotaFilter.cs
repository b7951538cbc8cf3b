using System.Globalization;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Resp;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Quota;

/// <summary>Limits what a key may use in a day, a week or a month, and remembers it over a restart.</summary>
[Component("quota")]
public sealed class QuotaFilter : IRequestFilter, IResponseFilter, IStartable, IAdminView, IAdminAction, IDisposable
{
    private static readonly byte[] Body = "The quota is used up (quota_exceeded)\n"u8.ToArray();
    private static readonly byte[] UnavailableBody = "Requests cannot be counted (quota_unavailable)\n"u8.ToArray();

    private readonly QuotaOptions _options;
    private readonly ComponentContext _context;
    private readonly TimeProvider _time;
    private readonly KeyReader _reader;
    private readonly CostReader _cost;
    private readonly Calendar _calendar;
    private readonly QuotaBook _book;
    private readonly SharedQuota? _shared;
    private readonly string? _file;
    private readonly Slot<string> _left;
    private volatile CurrentPeriod? _now;
    private bool _isStarted;

    /// <summary>Creates one.</summary>
    public QuotaFilter(QuotaOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _context = context;
        _time = context.Time;
        _reader = new KeyReader(new KeyRule(options.Key, Missing: options.Missing));
        _cost = new CostReader(options.Cost);
        _calendar = new Calendar(options);
        _book = context.Store(static () => new QuotaBook());
        _file = options.File is { } path ? Path.GetFullPath(path, context.ConfigDirectory) : null;
        _left = context.CreateSlot<string>("left");
        if (options.Redis is { } redis)
        {
            _shared = new SharedQuota(new RespClient(context.GetCluster(redis.Cluster), redis, context.Time, context.Logger), options);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<AdminActionInfo> Actions { get; } =
        [new("quota_reset", "Sets what a key has used to nothing.", ["key"])];

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        _book.Metrics ??= new QuotaMetrics(_context.Meter);
        if (_file is not null)
        {
            if (_book.LoadedFrom is null)
            {
                QuotaFile.Load(_file, _book, _options.MaxKeys);
            }

            _book.LoadedFrom = _file;
            _ = SaveAsync(stop);
        }

        _isStarted = true;
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!SharedKey.TryRead(_reader, exchange, out KeyId id))
        {
            return new(FilterStatus.Continue);
        }

        var (period, end) = Period();
        var entry = _book.Find(id);
        if (entry is null)
        {
            SharedKey.TryRead(_reader, exchange, out SharedKey key);
            entry = _book.FindOrAdd(key, period, _options.MaxKeys);
        }

        if (entry is null)
        {
            return new(Refuse(exchange, _options.Limit, end));
        }

        var cost = _cost.Of(exchange);
        if (_shared is not null)
        {
            return AskAsync(exchange, entry, cost, period, end, _shared);
        }

        long used;
        bool fits;
        lock (entry)
        {
            Turn(entry, period);
            fits = cost <= _options.Limit - entry.Used;
            entry.Used += fits ? cost : 0;
            used = entry.Used;
        }

        _book.SetDirty();
        return new(Judge(exchange, fits, used, end));
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_left) is { } left)
        {
            exchange.Response.Headers.Append("RateLimit-Policy", string.Create(CultureInfo.InvariantCulture, $"\"{_options.Name}\";q={_options.Limit};w={PeriodSeconds()}"));
            exchange.Response.Headers.Append("RateLimit", left);
        }

        return default;
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        var (period, end) = Period();
        writer.WriteStartObject();
        writer.WriteString("name", _options.Name);
        writer.WriteNumber("limit", _options.Limit);
        writer.WriteString("until", end);
        writer.WriteNumber("keys", _book.Count);
        writer.WriteStartArray("top");
        foreach (var (shown, used) in _book.Entries.Where(entry => entry.Period == period).Select(entry => (entry.Shown, entry.Used)).OrderByDescending(entry => entry.Used).Take(50))
        {
            writer.WriteStartObject();
            writer.WriteString("key", shown);
            writer.WriteNumber("used", used);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public async ValueTask<AdminOutcome> RunAsync(string action, IReadOnlyDictionary<string, string> arguments, CancellationToken cancel)
    {
        if (!arguments.TryGetValue("key", out var text))
        {
            return new AdminOutcome(false, "key is missing");
        }

        var key = SharedKey.Parse(_reader, text);
        var isHere = _book.Remove(key.Id);
        if (_shared is not null && await _shared.ResetAsync(key.Name, Period().Start) is { IsDone: false } reply)
        {
            return new AdminOutcome(false, $"redis: {reply.Problem}");
        }

        return new AdminOutcome(isHere || _shared is not null, isHere ? $"{key.Shown} has used nothing" : $"{key.Shown} has nothing on record here");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shared?.Dispose();
        if (_isStarted && _file is not null)
        {
            Save();
        }
    }

    private async ValueTask<FilterStatus> AskAsync(HttpExchange exchange, QuotaEntry entry, long cost, long period, DateTimeOffset end, SharedQuota shared)
    {
        long untold;
        lock (entry)
        {
            Turn(entry, period);
            (untold, entry.Untold) = (entry.Untold, 0);
        }

        var answer = await shared.TakeAsync(entry.Name, period, end, cost, untold);
        if (answer is { } told)
        {
            lock (entry)
            {
                entry.Used = entry.Period == period ? Math.Max(told.Used, 0) + entry.Untold : entry.Used;
            }

            return Judge(exchange, told.IsAllowed, told.Used, end);
        }

        _book.Metrics?.Count(_options.Name, "unshared");
        bool fits;
        long used;
        lock (entry)
        {
            // Whether redis has counted what it was told is not known: then it may be told twice, never not at all.
            Turn(entry, period);
            fits = _options.RedisFailure == QuotaRedisFailure.Local && cost <= _options.Limit - entry.Used;
            entry.Untold += untold + (fits ? cost : 0);
            entry.Used += fits ? cost : 0;
            used = entry.Used;
        }

        if (_options.RedisFailure == QuotaRedisFailure.Local)
        {
            return Judge(exchange, fits, used, end);
        }

        exchange.Reply(503, "quota_unavailable", UnavailableBody, "text/plain; charset=utf-8");
        return FilterStatus.Stop;
    }

    private FilterStatus Judge(HttpExchange exchange, bool fits, long used, DateTimeOffset end)
    {
        if (_options.Fields)
        {
            exchange.Set(_left, string.Create(CultureInfo.InvariantCulture, $"\"{_options.Name}\";r={Math.Max(0, _options.Limit - used)};t={SecondsTo(end)}"));
        }

        return fits ? FilterStatus.Continue : Refuse(exchange, used, end);
    }

    private FilterStatus Refuse(HttpExchange exchange, long used, DateTimeOffset end)
    {
        _book.Metrics?.Count(_options.Name, _options.DryRun ? "dry_run" : "limited");
        if (_options.DryRun)
        {
            return FilterStatus.Continue;
        }

        exchange.Reply(_options.Status, "quota_exceeded", Body, "text/plain; charset=utf-8");
        exchange.Stats.Flags |= ResponseFlags.RateLimited;
        exchange.Response.Headers.Set(KnownHeader.RetryAfter, Encoding.ASCII.GetBytes(SecondsTo(end).ToString(CultureInfo.InvariantCulture)));
        return FilterStatus.Stop;
    }

    private static void Turn(QuotaEntry entry, long period)
    {
        if (entry.Period < period)
        {
            (entry.Period, entry.Used, entry.Untold) = (period, 0, 0);
        }
    }

    // The period is worked out when the last one is over.
    private (long Start, DateTimeOffset End) Period()
    {
        var now = _time.GetUtcNow();
        var period = _now;
        if (period is null || now < period.Start || now >= period.End)
        {
            var (start, end) = _calendar.At(now);
            _now = period = new CurrentPeriod(start, end);
        }

        return (_book.PeriodFrom(period.Start.Ticks), period.End);
    }

    private long PeriodSeconds()
    {
        var (start, end) = _calendar.At(_time.GetUtcNow());
        return (long)(end - start).TotalSeconds;
    }

    private long SecondsTo(DateTimeOffset end) => Math.Max(1, (long)Math.Ceiling((end - _time.GetUtcNow()).TotalSeconds));

    private async Task SaveAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(_options.Save, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                Save();
            }
        }
        catch (OperationCanceledException)
        {
            // The configuration that had it is gone; what is left is written when it is disposed of.
        }
    }

    private void Save()
    {
        if (!_book.TakeDirty())
        {
            return;
        }

        try
        {
            QuotaFile.Save(_file!, _book, Period().Start);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _book.SetDirty();
            _book.Metrics?.CountFailure();
            _context.Logger.LogWarning("The quota '{Name}' cannot be written: {Problem}. It is tried again.", _options.Name, e.Message);
        }
    }

    private sealed record CurrentPeriod(DateTimeOffset Start, DateTimeOffset End);
}
