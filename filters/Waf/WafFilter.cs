using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Waf.Auditing;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf;

/// <summary>A web application firewall: inspects requests and responses by rules in SecLang, such as the OWASP Core Rule Set.</summary>
[Component("waf")]
public sealed class WafFilter : IRequestFilter, IResponseFilter, ILoggingFilter, IStartable, IAdminView, IAsyncDisposable
{
    private const string TextType = "text/plain; charset=utf-8";
    private const int MaxRulesShown = 100;

    private readonly WafOptions _options;
    private readonly RuleSetCache.Entry _rules;
    private readonly Exclusion[] _exclusions;
    private readonly MediaTypes _streamed;
    private readonly WafState _state;
    private readonly WafMetrics _metrics;
    private readonly ComponentContext _context;
    private readonly Slot<Transaction> _slot;
    private AuditLog? _audit;

    /// <summary>Reads the rules.</summary>
    /// <exception cref="ArgumentException">A rule file cannot be used; the message says where.</exception>
    public WafFilter(WafOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _context = context;
        var files = new RuleFiles(context);
        files.Add(options.Directives);
        var book = RuleReader.Read(options.Rules.Select(rule => Path.GetFullPath(Path.Combine(context.ConfigDirectory, rule))), files, options.Directives);
        _rules = context.Shared<RuleSetCache>().Get(book, files);
        _exclusions = [.. options.Exclude.Select(exclusion => new Exclusion(exclusion, _rules.Set))];
        _streamed = new MediaTypes(options.StreamTypes);
        _state = context.Store(() => new WafState(context.Time));
        _metrics = new WafMetrics(context.Meter);
        _slot = context.CreateSlot<Transaction>("transaction");
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken stop)
    {
        if (_options.AuditLog is { } log)
        {
            _audit = new AuditLog(Path.GetFullPath(Path.Combine(_context.ConfigDirectory, log.Path)), log.Format, _context.Meter);
        }

        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_options.Sample < 100 && Random.Shared.Next(100) >= _options.Sample)
        {
            return FilterStatus.Continue;
        }

        var transaction = Begin(exchange);
        Run(transaction, 1);
        if (transaction.Interception is null && IsBodyInspected(transaction, exchange))
        {
            var result = await exchange.BufferRequestBodyAsync(transaction.RequestBodyLimit);
            if (result.Status == BufferStatus.Failed)
            {
                return FilterStatus.Continue;
            }

            var rejects = transaction.Settings.RequestBodyLimitAction == BodyLimitAction.Reject && transaction.Mode == EngineMode.On;
            if (!result.IsComplete)
            {
                transaction.SetFlag(Variable.InboundDataError);
                if (rejects)
                {
                    return RefuseBody(exchange);
                }
            }

            TransactionFeed.RequestBody(transaction, exchange, result.Body);
            if (transaction.IsTooLargeWithoutFiles && rejects)
            {
                return RefuseBody(exchange);
            }
        }

        Run(transaction, 2);
        TellOthers(transaction, exchange);
        return transaction.Interception is { } interception ? Stop(exchange, interception) : FilterStatus.Continue;
    }

    /// <inheritdoc/>
    public async ValueTask OnResponseAsync(HttpExchange exchange)
    {
        if (exchange.Get(_slot) is not { Interception: null, Mode: not EngineMode.Off } transaction)
        {
            return;
        }

        TransactionFeed.Response(transaction, exchange);
        Run(transaction, 3);
        if (transaction.Interception is null && IsBodyInspected(transaction, exchange.Response, exchange))
        {
            var result = await exchange.BufferResponseBodyAsync(transaction.ResponseBodyLimit);
            if (result.Status == BufferStatus.Failed)
            {
                return;
            }

            if (!result.IsComplete)
            {
                transaction.SetFlag(Variable.OutboundDataError);
                if (transaction.Settings.ResponseBodyLimitAction == BodyLimitAction.Reject && transaction.Mode == EngineMode.On)
                {
                    exchange.Reply(502, "waf_response_too_large", "Response body too large (waf_response_too_large)\n"u8.ToArray(), TextType);
                    return;
                }
            }

            TransactionFeed.ResponseBody(transaction, exchange, result.Body);
        }

        Run(transaction, 4);
        if (transaction.Interception is { } interception)
        {
            Stop(exchange, interception);
        }
    }

    /// <inheritdoc/>
    public void OnLogging(HttpExchange exchange)
    {
        if (exchange.Get(_slot) is not { } transaction)
        {
            return;
        }

        if (transaction.ValuesOf(Variable.ResponseStatus).Count == 0)
        {
            TransactionFeed.Response(transaction, exchange);
        }

        transaction.Run(5);
        _metrics.CountExchange(transaction);
        _state.Note(transaction);
        foreach (var match in transaction.Matches)
        {
            _metrics.CountMatch(match);
        }

        if (_audit is { } audit && IsAudited(transaction, exchange.Response.StatusCode))
        {
            audit.Add(new AuditEntry(
                transaction, exchange.RouteName ?? "", exchange.Response.StatusCode, exchange.Downstream.RemotePort, transaction.Interception is not null));
        }
    }

    /// <inheritdoc/>
    public void WriteView(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("mode", _options.Mode == WafMode.Block ? "block" : "detect");
        writer.WriteNumber("rules", _rules.Set.All.Length);
        writer.WriteNumber("inspected", _state.Inspected);
        writer.WriteNumber(_options.Mode == WafMode.Block ? "blocked" : "would_block", _state.Stopped);
        writer.WriteStartArray("matched");
        foreach (var (id, tally) in _state.Rules.Take(MaxRulesShown))
        {
            writer.WriteStartObject();
            writer.WriteNumber("rule", id);
            writer.WriteString("message", tally.Message);
            writer.WriteNumber("matches", tally.Matched);
            writer.WriteNumber("in_blocked", tally.Stopped);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_audit is not null)
        {
            await _audit.DisposeAsync();
        }
    }

    private Transaction Begin(HttpExchange exchange)
    {
        var transaction = new Transaction(_rules.Set, _state.Persistent, _options.Mode == WafMode.Block ? EngineMode.On : EngineMode.DetectionOnly);
        exchange.Set(_slot, transaction);
        var level = ParanoiaLevels[_options.Paranoia];
        transaction.Tx["paranoia_level"] = level;
        transaction.Tx["blocking_paranoia_level"] = level;
        foreach (var (name, value) in _options.Variables)
        {
            transaction.Tx[name] = value;
        }

        foreach (var exclusion in _exclusions)
        {
            exclusion.Apply(transaction, exchange.Request.Path);
        }

        TransactionFeed.Connection(transaction, exchange.Downstream);
        TransactionFeed.Request(transaction, exchange);
        return transaction;
    }

    private static readonly string[] ParanoiaLevels = ["", "1", "2", "3", "4"];

    // A rule that could not be asked might have been the one that matters: the exchange fails, unless its entry says on_error: skip.
    private void Run(Transaction transaction, int phase)
    {
        transaction.Run(phase);
        if (transaction.TimedOut is { } rule)
        {
            _metrics.CountError();
            throw new TimeoutException($"rule {rule} took too long");
        }
    }

    private bool IsBodyInspected(Transaction transaction, HttpExchange exchange) =>
        transaction.RequestBodyAccess && transaction.Mode != EngineMode.Off && exchange.HasRequestBody
        && exchange.Request.MethodKind != HttpMethodKind.Connect && !_streamed.Has(exchange.Request.Headers);

    private static bool IsBodyInspected(Transaction transaction, ResponseHead response, HttpExchange exchange)
    {
        if (!transaction.ResponseBodyAccess || transaction.Mode == EngineMode.Off || exchange.HasReply || response.StatusCode is < 200 or 204 or 304
            || exchange.Request.MethodKind is HttpMethodKind.Head or HttpMethodKind.Connect)
        {
            return false;
        }

        var type = transaction.First(Variable.ResponseContentType, null);
        var semicolon = type.IndexOf(';', StringComparison.Ordinal);
        return transaction.Settings.ResponseMimeTypes.Contains((semicolon < 0 ? type : type[..semicolon]).Trim());
    }

    private static FilterStatus RefuseBody(HttpExchange exchange)
    {
        exchange.Reply(413, "waf_body_too_large", "Request body too large (waf_body_too_large)\n"u8.ToArray(), TextType);
        return FilterStatus.Stop;
    }

    private static void TellOthers(Transaction transaction, HttpExchange exchange)
    {
        if (transaction.Env.Count == 0)
        {
            return;
        }

        foreach (var value in transaction.Env.All)
        {
            exchange.Metadata["waf", value.Key] = value.Text;
        }
    }

    private static FilterStatus Stop(HttpExchange exchange, Interception interception)
    {
        switch (interception.Kind)
        {
            case Disruption.Drop:
                exchange.Abort("waf_dropped");
                break;
            case Disruption.Redirect:
                exchange.Reply(interception.Status, "waf_redirected");
                exchange.Response.Headers.Set(KnownHeader.Location, Encoding.Latin1.GetBytes(interception.Location));
                break;
            default:
                exchange.Reply(interception.Status, "waf_denied", "Request refused (waf_denied)\n"u8.ToArray(), TextType);
                break;
        }

        return FilterStatus.Stop;
    }

    private bool IsAudited(Transaction transaction, int status)
    {
        if (_options.AuditLog!.All || transaction.Audit == AuditMode.On)
        {
            return true;
        }

        return transaction.Audit == AuditMode.RelevantOnly
            && (transaction.IsRelevant
                || transaction.Settings.AuditRelevantStatus?.IsMatch(status.ToString(System.Globalization.CultureInfo.InvariantCulture)) == true);
    }
}
