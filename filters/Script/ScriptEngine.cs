using System.Text.RegularExpressions;
using Jint;
using Jint.Native;
using Jint.Runtime;
using Jint.Runtime.Interop;

namespace FilterProxy.Filters.Script;

/// <summary>
/// One JavaScript engine with one script in it: all there is of the engine's library but its guards. Runs one call at a time; what the
/// script keeps in its own variables is this engine's.
/// </summary>
internal sealed class ScriptEngine
{
    // Loading a script defines functions and tables: more than a call, and only once per engine.
    private const int LoadFactor = 20;

    private readonly Engine _engine;
    private readonly EngineGuards _guards;
    private readonly ScriptSource _source;
    private readonly ScriptAnswer _answer = new();
    private readonly JsValue _request, _response;
    private readonly JsValue? _route, _onRequest, _onResponse, _log;
    private IScriptRequest? _currentRequest;
    private IScriptResponse? _currentResponse;

    /// <exception cref="ScriptException">The script cannot be loaded.</exception>
    public ScriptEngine(ScriptSource source, string config, ScriptLimits limits, IScriptHost host)
    {
        _source = source;
        _guards = new EngineGuards(limits with { Time = limits.Time * LoadFactor, Statements = limits.Statements * LoadFactor, Memory = limits.Memory * LoadFactor });
        _engine = new Engine(options => _guards.Configure(options));
        _engine.Execute(Prelude);
        var define = _engine.GetValue("$define");
        (_request, _response) = (Facade(define, DefineRequest), Facade(define, DefineResponse));
        DefineGlobals(host);
        _engine.Invoke("$finish", config);
        try
        {
            _guards.Begin(_engine);
            _guards.Load(_engine, source);
        }
        catch (Exception e)
        {
            throw Explain(e);
        }

        _guards.Limits = limits;
        (_route, _onRequest, _onResponse, _log) = (Find("route"), Find("onRequest"), Find("onResponse"), Find("log"));
        if (_route is null && _onRequest is null && _onResponse is null && _log is null)
        {
            throw new ScriptException(ScriptFault.Syntax, $"{source.At(1, 1)}: it defines none of the functions route, onRequest, onResponse and log");
        }
    }

    public bool HasRequestHooks => _route is not null || _onRequest is not null;

    public bool HasOnResponse => _onResponse is not null;

    public bool HasLog => _log is not null;

    /// <summary>Whether it must not be used again: a limit ended it halfway.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Runs onRequest, then route where that gave no reply. The answer is valid until the next call.</summary>
    /// <exception cref="ScriptException">It failed.</exception>
    public ScriptAnswer DecideRequest(IScriptRequest request)
    {
        _answer.Clear();
        (_currentRequest, _currentResponse) = (request, null);
        if (_onRequest is { } hook)
        {
            ReadAnswer(Call(hook, _request), "onRequest");
        }

        if (_answer.ReplyStatus == 0 && _route is { } route)
        {
            ReadAnswer(Call(route, _request), "route");
        }

        return _answer;
    }

    /// <summary>Runs onResponse. The answer is valid until the next call.</summary>
    /// <exception cref="ScriptException">It failed.</exception>
    public ScriptAnswer DecideResponse(IScriptRequest request, IScriptResponse response)
    {
        _answer.Clear();
        (_currentRequest, _currentResponse) = (request, response);
        ReadAnswer(Call(_onResponse!, _request, _response), "onResponse");
        return _answer;
    }

    /// <summary>Runs log.</summary>
    /// <exception cref="ScriptException">It failed.</exception>
    public void Log(IScriptRequest request, IScriptResponse response)
    {
        (_currentRequest, _currentResponse) = (request, response);
        Call(_log!, _request, _response);
    }

    /// <summary>Lets go of the exchange.</summary>
    public void Forget() => (_currentRequest, _currentResponse) = (null, null);

    private JsValue Call(JsValue function, params JsValue[] arguments)
    {
        try
        {
            _guards.Begin(_engine);
            return EngineGuards.Call(_engine, function, arguments);
        }
        catch (Exception e)
        {
            IsBroken = e is not JavaScriptException;
            throw Explain(e);
        }
    }

    private void ReadAnswer(JsValue value, string function)
    {
        if (value.IsString())
        {
            _answer.Cluster = value.AsString();
        }
        else if (value.IsObject() && !value.IsArray())
        {
            _answer.Cluster = TextOf(value, "cluster", function) ?? _answer.Cluster;
            _answer.Path = TextOf(value, "path", function) ?? _answer.Path;
            ReadHeaders(value, _answer.Headers, function);
            ReadReply(Property(value, "reply"), function);
        }
        else if (!value.IsUndefined() && !value.IsNull())
        {
            throw Wrong(function, $"returned {Describe(value)}, not a cluster's name or an object");
        }
    }

    private void ReadReply(JsValue reply, string function)
    {
        if (reply.IsUndefined() || reply.IsNull())
        {
            return;
        }

        if (reply.IsNumber())
        {
            _answer.ReplyStatus = StatusOf(reply, function);
            return;
        }

        if (!reply.IsObject())
        {
            throw Wrong(function, $"returned a reply that is {Describe(reply)}, not an object like {{ status: 503, body: '…' }}");
        }

        _answer.ReplyStatus = StatusOf(Property(reply, "status"), function);
        _answer.ReplyBody = TextOf(reply, "body", function) ?? "";
        _answer.ReplyType = TextOf(reply, "contentType", function) ?? (_answer.ReplyBody.Length > 0 ? "text/plain; charset=utf-8" : null);
        ReadHeaders(reply, _answer.ReplyHeaders, function);
    }

    private void ReadHeaders(JsValue owner, List<(string Name, string? Value)> into, string function)
    {
        var headers = Property(owner, "headers");
        if (headers.IsUndefined() || headers.IsNull())
        {
            return;
        }

        if (!headers.IsObject())
        {
            throw Wrong(function, $"returned headers that are {Describe(headers)}, not an object");
        }

        foreach (var name in EngineGuards.Keys(headers))
        {
            var value = Property(headers, name);
            into.Add((name, value.IsNull() || value.IsUndefined() ? null : value.ToString()));
        }
    }

    private int StatusOf(JsValue value, string function) => value.IsNumber() && value.AsNumber() is >= 200 and <= 599 and var status && status == Math.Floor(status)
        ? (int)status
        : throw Wrong(function, $"returned a reply whose status is {Describe(value)}, not a number from 200 to 599");

    private string? TextOf(JsValue owner, string name, string function)
    {
        var value = Property(owner, name);
        return value.IsUndefined() || value.IsNull() ? null
            : value.IsString() ? value.AsString()
            : throw Wrong(function, $"returned a {name} that is {Describe(value)}, not text");
    }

    private static JsValue Property(JsValue owner, string name) => owner.AsObject().Get(name);

    private static string Describe(JsValue value) =>
        value.IsUndefined() ? "undefined" : value.IsNull() ? "null" : value.IsArray() ? "an array" : value.IsObject() ? "an object" : $"'{value}'";

    private ScriptException Wrong(string function, string what) => new(ScriptFault.Answer, $"{_source.Name}: {function}() {what}");

    private ScriptException Explain(Exception e) => e switch
    {
        ScriptException own => own,
        StatementsCountOverflowException => Limit(ScriptFault.Statements, $"more than {_guards.Limits.Statements} statements"),
        RecursionDepthOverflowException => Limit(ScriptFault.Recursion, $"a function called itself deeper than {_guards.Limits.Recursion}"),
        InsufficientExecutionStackException => Limit(ScriptFault.Recursion, "functions called each other too deep"),
        TimeoutException or RegexMatchTimeoutException => Limit(ScriptFault.Time, $"it took longer than {_guards.Limits.Time.TotalMilliseconds} ms"),
        InsufficientMemoryException => Limit(ScriptFault.Memory, $"it allocated more than {_guards.Limits.Memory} bytes"),
        JavaScriptException js => Thrown(js),
        _ => EngineGuards.ExplainSyntax(e, _source) ?? new ScriptException(ScriptFault.Exception, $"{Here()}: {e.Message}", e),
    };

    private ScriptException Limit(ScriptFault fault, string what) => new(fault, $"{Here()}: {what}");

    private ScriptException Thrown(JavaScriptException e)
    {
        var advice = SyntaxAdvice.ForMessage(e.Message);
        var text = e.Error.IsObject() ? e.Error.ToString() : $"threw {e.Error}";
        return new ScriptException(ScriptFault.Exception, $"{_guards.Here(_engine, _source) ?? EngineGuards.PlaceOf(e, _source) ?? _source.Name}: {text}{(advice is null ? "" : $" ({advice})")}");
    }

    private string Here() => _guards.Here(_engine, _source) ?? _source.Name;

    private JsValue? Find(string name)
    {
        var function = _engine.GetValue(name);
        if (function.IsUndefined() || !EngineGuards.IsFunction(function))
        {
            var exports = Property(_engine.GetValue("module"), "exports");
            function = exports.IsObject() ? Property(exports, name) : JsValue.Undefined;
        }

        return EngineGuards.IsFunction(function) ? function : null;
    }

    private JsValue Facade(JsValue define, Action<Action<string, Func<JsValue>>, Action<string, Func<JsValue[], JsValue>>> members)
    {
        var facade = _engine.Invoke("$object");
        members(
            (name, get) => _engine.Invoke(define, facade, name, Function((_, _) => get()), true),
            (name, call) => _engine.Invoke(define, facade, name, Function((_, arguments) => call(arguments)), false));
        return facade;
    }

    private void DefineRequest(Action<string, Func<JsValue>> property, Action<string, Func<JsValue[], JsValue>> method)
    {
        property("method", () => Text(Current.Method));
        property("scheme", () => Text(Current.Scheme));
        property("host", () => Text(Current.Host));
        property("path", () => Text(Current.Path));
        property("query", () => Text(Current.Query));
        property("clientIp", () => Text(Current.ClientIp));
        property("route", () => Text(Current.Route));
        property("isAuthenticated", () => Current.IsAuthenticated);
        property("userName", () => Text(Current.UserName));
        method("header", a => Text(Current.Header(Argument(a, 0))));
        method("cookie", a => Text(Current.Cookie(Argument(a, 0))));
        method("param", a => Text(Current.Parameter(Argument(a, 0))));
        method("claim", a => Text(Current.Claim(Argument(a, 0))));
        method("metadata", a => Text(Current.GetMetadata(Argument(a, 0), Argument(a, 1))));
        method("setMetadata", a =>
        {
            Current.SetMetadata(Argument(a, 0), Argument(a, 1), a.Length < 3 || a[2].IsNull() || a[2].IsUndefined() ? null : a[2].ToString());
            return JsValue.Undefined;
        });
    }

    private void DefineResponse(Action<string, Func<JsValue>> property, Action<string, Func<JsValue[], JsValue>> method)
    {
        property("status", () => (double)_currentResponse!.Status);
        property("reason", () => Text(_currentResponse!.Reason));
        property("duration", () => _currentResponse!.Duration);
        method("header", a => Text(_currentResponse!.ResponseHeader(Argument(a, 0))));
    }

    private void DefineGlobals(IScriptHost host)
    {
        _engine.SetValue("hash", Function((_, a) => (double)ScriptHash.Of(Argument(a, 0), a.Length > 1 && a[1].IsNumber() ? a[1].AsNumber() : 0)));
        _engine.SetValue("random", Function((_, _) => host.Random()));
        _engine.SetValue("now", Function((_, _) => host.Now()));
        foreach (var level in (ReadOnlySpan<string>)["log", "warn", "error"])
        {
            var name = level;
            _engine.SetValue($"$console_{name}", Function((_, a) =>
            {
                host.Write(name, string.Join(' ', a.Select(value => value.ToString())));
                return JsValue.Undefined;
            }));
        }
    }

    private IScriptRequest Current => _currentRequest ?? throw new InvalidOperationException("a request can be looked at during its own call only");

    private static JsValue Text(string? text) => text is null ? JsValue.Undefined : text;

    private static string Argument(JsValue[] arguments, int index) => index < arguments.Length ? arguments[index].ToString() : "";

#if JINT4
    private JsValue Function(Func<JsValue, JsValue[], JsValue> body) => new ClrFunction(_engine, "native", body);
#else
    private JsValue Function(Func<JsValue, JsValue[], JsValue> body) => new ClrFunctionInstance(_engine, body);
#endif

    // Objects of the facade, the read-only configuration, and no way to run text.
    private const string Prelude = """
        var exports = {}, module = { exports: exports }, console = {}, config, $global = this;
        function $object() { return {}; }
        function $define(target, name, value, isProperty) {
          Object.defineProperty(target, name, isProperty ? { get: value, enumerable: true } : { value: value, enumerable: true });
        }
        function $finish(text) {
          function freeze(value) {
            if (value !== null && typeof value === 'object') {
              Object.keys(value).forEach(function (key) { freeze(value[key]); });
              Object.freeze(value);
            }
            return value;
          }
          console.log = console.info = console.debug = $console_log;
          console.warn = $console_warn;
          console.error = $console_error;
          Object.defineProperty($global, 'config', { value: freeze(JSON.parse(text)), writable: false });
          var prototype = Function.prototype;
          Function = function () { throw new TypeError('code cannot be made of text'); };
          Function.prototype = prototype;
          prototype.constructor = Function;
          eval = undefined;
        }
        """;
}
