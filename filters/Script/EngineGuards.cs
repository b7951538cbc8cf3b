using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Jint;
using Jint.Native;
using Jint.Runtime;
#if !JINT4
using Jint.Parser;
using Jint.Parser.Ast;
using Jint.Runtime.Interop;
#endif

namespace FilterProxy.Filters.Script;

/// <summary>
/// What keeps a script within its limits where the engine by itself does not: its memory, its depth, and what is built in and works for
/// as long as the script's data let it.
/// </summary>
internal sealed class EngineGuards(ScriptLimits limits)
{
    private const int MostElements = 100_000;
    private const long MostCopied = 100_000_000;
    private long _allocated;
    private Options? _options;

    public ScriptLimits Limits { get; set; } = limits;

    public void Configure(Options options)
    {
        _options = options;
        options.TimeoutInterval(Limits.Time).MaxStatements(Limits.Statements).LimitRecursion(Limits.Recursion);
#if JINT4
        options.LimitMemory(Limits.Memory);
        options.Constraints.MaxArraySize = MostElements;
        options.Constraints.RegexTimeout = Limits.Time;
        options.DisableStringCompilation();
#endif
    }

#if JINT4
    public static bool IsFunction(JsValue value) => value is Jint.Native.Function.Function;
#else
    public static bool IsFunction(JsValue value) => value.IsObject() && value.AsObject() is Jint.Native.Function.FunctionInstance;
#endif

    public static JsValue Call(Engine engine, JsValue function, JsValue[] arguments) => engine.Invoke(function, (object[])arguments);

    /// <summary>After each four statements, before each turn of a loop, on entering a function.</summary>
    private void Check()
    {
        if (GC.GetAllocatedBytesForCurrentThread() - _allocated > Limits.Memory)
        {
            throw new InsufficientMemoryException();
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
    }

#if !JINT4
    private const int Deepest = 100;
    private const int StackSize = 256 << 20;
    private bool _isInstalled;

    // Where what is built in was called from.
    private Location? _builtIn;
    private JsValue? _check;

    /// <summary>A call begins: the limits count from here.</summary>
    public void Begin(Engine engine)
    {
        if (!_isInstalled)
        {
            _isInstalled = true;
            Install(engine);
        }

        _builtIn = null;
        _options!.TimeoutInterval(Limits.Time).MaxStatements(Limits.Statements);
        engine.ResetStatementsCount();
        engine.ResetTimeoutTicks();
        engine.ResetCallStack();
        _allocated = GC.GetAllocatedBytesForCurrentThread();
    }

    public void Load(Engine engine, ScriptSource source)
    {
        // What is nested without brackets has no other bound than the size of the file: parsed on a stack that holds it.
        Program? program = null;
        Exception? failure = null;
        var parsing = new Thread(
            () =>
            {
                try
                {
                    program = new JavaScriptParser().Parse(source.Text, new ParserOptions { Source = source.Name });
                    program.Body = Guard(source, program.Body.ToList(), program, 0);
                }
                catch (Exception e)
                {
                    failure = e;
                }
            },
            StackSize);
        parsing.Start();
        parsing.Join();
        if (failure is not null)
        {
            throw failure is ParserException parser ? ExplainSyntax(parser, source)! : failure;
        }

        engine.Execute(program);
    }

    public static ScriptException? ExplainSyntax(Exception e, ScriptSource source)
    {
        if (e is not ParserException parser)
        {
            return null;
        }

        var column = Math.Max(1, parser.Column);
        var advice = SyntaxAdvice.ForSyntax(source.Line(parser.LineNumber), column);
        return new ScriptException(
            ScriptFault.Syntax, $"{source.At(parser.LineNumber, column)}: {parser.Description}{(advice is null ? "" : $" ({advice})")}");
    }

    /// <summary>Where an exception says it was thrown: the outermost call, so ask <see cref="Here"/> first.</summary>
    public static string? PlaceOf(JavaScriptException e, ScriptSource source) => e.LineNumber > 0 ? source.At(e.LineNumber, e.Column + 1) : null;

    /// <summary>Where the engine stands; null when it stands in what is its own.</summary>
    public string? Here(Engine engine, ScriptSource source) => (engine.GetLastSyntaxNode()?.Location ?? _builtIn) is { Start: { Line: > 0 } start }
        ? source.At(start.Line, start.Column + 1)
        : null;

    public static IEnumerable<string> Keys(JsValue value) =>
        [.. value.AsObject().GetOwnProperties().Where(property => property.Value.Enumerable == true).Select(property => property.Key)];

    private void Install(Engine engine)
    {
        _check = new JsValue(new ClrFunctionInstance(engine, (_, _) =>
        {
            Check();
            return JsValue.Undefined;
        }));
        Wrap(engine, engine.Array.PrototypeObject, (_, self, _) => CheckLength(engine, self), "concat", "join", "reverse", "shift", "slice", "sort", "splice", "unshift",
            "indexOf", "lastIndexOf", "every", "some", "forEach", "map", "filter", "reduce", "reduceRight", "toString", "toLocaleString", "push", "pop");
        Wrap(engine, engine.Array.PrototypeObject, (_, self, arguments) => CheckJoin(engine, self, arguments), "join");
        Wrap(engine, engine.Function.PrototypeObject, (_, _, arguments) => CheckLength(engine, arguments.Length > 1 ? arguments[1] : JsValue.Undefined), "apply");
        Wrap(engine, engine.RegExp.PrototypeObject, (_, self, _) => Limit(self), "exec", "test");
        Wrap(engine, engine.String.PrototypeObject, (name, self, arguments) => CheckPattern(engine, name, self, arguments), "match", "search", "replace", "split");
        Wrap(engine, engine.Json, (_, _, arguments) => CheckText(engine, arguments), "parse");
        GuardStringify(engine);
    }

    private void Wrap(Engine engine, Jint.Native.Object.ObjectInstance owner, Action<string, JsValue, JsValue[]> guard, params string[] names)
    {
        foreach (var name in names)
        {
            var original = owner.Get(name);
            owner.FastAddProperty(
                name,
                new ClrFunctionInstance(engine, (self, arguments) =>
                {
                    _builtIn = engine.GetLastSyntaxNode()?.Location ?? _builtIn;
                    guard(name, self, arguments);
                    return original.Invoke(self, arguments);
                }),
                writable: true,
                enumerable: false,
                configurable: true);
        }
    }

    private void CheckLength(Engine engine, JsValue self)
    {
        Check();
        if (self.IsObject() && self.AsObject().Get("length") is var length && length.IsNumber() && length.AsNumber() > MostElements)
        {
            throw new JavaScriptException(engine.RangeError, $"an array may have {MostElements} elements");
        }
    }

    private void CheckJoin(Engine engine, JsValue self, JsValue[] arguments)
    {
        if (!self.IsArray())
        {
            return;
        }

        var array = self.AsArray();
        var length = (long)array.Get("length").AsNumber();
        var size = length * (arguments.Length > 0 && arguments[0].IsString() ? arguments[0].AsString().Length : 1);
        foreach (var (_, property) in array.GetOwnProperties())
        {
            size += property.Value is { } value && value.IsString() ? value.AsString().Length : 0;
        }

        CheckSize(size);
        if (length * size > MostCopied)
        {
            // Each element is added to a new text.
            throw new InsufficientMemoryException();
        }
    }

    private void CheckPattern(Engine engine, string name, JsValue self, JsValue[] arguments)
    {
        Check();
        if (arguments.Length == 0)
        {
            return;
        }

        if (name is "match" or "search" && !arguments[0].IsRegExp())
        {
            arguments[0] = engine.RegExp.Construct([arguments[0].ToString()]);
        }

        Limit(arguments[0]);
        if (name == "replace" && arguments.Length > 1 && arguments[1].IsString())
        {
            CheckSize((self.ToString().Length + 1L) * Math.Max(1, arguments[1].AsString().Length));
        }
    }

    private void CheckSize(long characters)
    {
        if (characters * sizeof(char) > Limits.Memory)
        {
            throw new InsufficientMemoryException();
        }
    }

    private void Limit(JsValue pattern)
    {
        if (pattern.IsRegExp() && pattern.AsRegExp() is { Value: { } regex } instance && regex.MatchTimeout != Limits.Time)
        {
            instance.Value = new Regex(regex.ToString(), regex.Options, Limits.Time);
        }
    }

    // The parser calls itself for each level, and the text may be a client's.
    private static void CheckText(Engine engine, JsValue[] arguments)
    {
        var depth = 0;
        foreach (var c in arguments.Length > 0 ? arguments[0].ToString() : "")
        {
            depth += c is '[' or '{' ? 1 : c is ']' or '}' ? -1 : 0;
            if (depth > Deepest)
            {
                throw new JavaScriptException(engine.SyntaxError, $"JSON is nested deeper than {Deepest}");
            }
        }
    }

    // What refers to one thing many times over is small in memory and endless as text.
    private void GuardStringify(Engine engine)
    {
        var original = engine.Json.Get("stringify");
        engine.Json.FastAddProperty(
            "stringify",
            new ClrFunctionInstance(engine, (self, arguments) =>
            {
                var replacer = arguments.Length > 1 ? arguments[1] : JsValue.Undefined;
                if (!replacer.IsArray())
                {
                    var own = IsFunction(replacer) ? replacer : null;
                    arguments = [arguments.Length > 0 ? arguments[0] : JsValue.Undefined, new ClrFunctionInstance(engine, (holder, pair) =>
                    {
                        Check();
                        return own is null ? pair[1] : own.Invoke(holder, pair);
                    }), .. arguments.Skip(2)];
                }

                return original.Invoke(self, arguments);
            }),
            writable: true,
            enumerable: false,
            configurable: true);
    }

    // Puts the check into every body that may run again, and refuses what is nested too deep to be evaluated.
    private List<Statement> Guard(ScriptSource source, List<Statement> statements, SyntaxNode owner, int depth)
    {
        var guarded = new List<Statement>(statements.Count + (statements.Count / 4) + 1);
        foreach (var statement in statements)
        {
            if (guarded.Count % 5 == 0)
            {
                guarded.Add(MakeCheck(statement.Location ?? owner.Location));
            }

            Visit(source, statement, owner, depth + 1);
            guarded.Add(statement);
        }

        return guarded;
    }

    private void Visit(ScriptSource source, SyntaxNode node, SyntaxNode parent, int depth)
    {
        if (node.Location is not { Start: { Line: > 0 } })
        {
            // The parser leaves it out of some; whatever fails there has a place all the same.
            node.Location = parent.Location;
        }

        if (depth > Deepest)
        {
            var start = node.Location?.Start;
            throw new ScriptException(ScriptFault.Syntax, $"{source.At(start?.Line ?? 1, (start?.Column ?? 0) + 1)}: nested deeper than {Deepest}");
        }

        switch (node)
        {
            case BlockStatement block:
                block.Body = Guard(source, block.Body.ToList(), block, depth);
                return;
            case ForStatement loop:
                loop.Body = Repeated(loop.Body);
                break;
            case ForInStatement loop:
                loop.Body = Repeated(loop.Body);
                break;
            case WhileStatement loop:
                loop.Body = Repeated(loop.Body);
                break;
            case DoWhileStatement loop:
                loop.Body = Repeated(loop.Body);
                break;
            default:
                break;
        }

        foreach (var child in ChildrenOf(node))
        {
            Visit(source, child, node, depth + 1);
        }
    }

    private static BlockStatement Repeated(Statement body) =>
        body as BlockStatement ?? new BlockStatement { Type = SyntaxNodes.BlockStatement, Body = [body], Location = body.Location, Range = body.Range };

    private static IEnumerable<SyntaxNode> ChildrenOf(SyntaxNode node)
    {
        var type = node.GetType();
        var values = type.GetFields().Select(field => field.GetValue(node)).Concat(
            type.GetProperties().Where(p => p.Name is "Body" or "Parameters").Select(property => property.GetValue(node)));
        foreach (var value in values)
        {
            if (value is SyntaxNode child)
            {
                yield return child;
            }
            else if (value is IEnumerable<SyntaxNode> children)
            {
                foreach (var one in children.Where(one => one is not null).ToList())
                {
                    yield return one;
                }
            }
        }
    }

    private ExpressionStatement MakeCheck(Location location) => new()
    {
        Type = SyntaxNodes.ExpressionStatement,
        Location = location,
        Expression = new CallExpression
        {
            Type = SyntaxNodes.CallExpression,
            Location = location,
            Callee = new Literal { Type = SyntaxNodes.Literal, Location = location, Cached = true, CachedValue = _check, Value = "check", Raw = "check" },
            Arguments = [],
        },
    };
#else
    public void Begin(Engine engine)
    {
        engine.Constraints.Reset();
        _allocated = GC.GetAllocatedBytesForCurrentThread();
    }

    public void Load(Engine engine, ScriptSource source) => engine.Execute(source.Text, source.Name);

    public static ScriptException? ExplainSyntax(Exception e, ScriptSource source) => null;

    // As in "at route (routes.js:3:5)".
    public static string? PlaceOf(JavaScriptException e, ScriptSource source) =>
        Regex.Match(e.JavaScriptStackTrace ?? "", $@"{Regex.Escape(source.Name)}:\d+:\d+") is { Success: true } place ? place.Value : null;

    public string? Here(Engine engine, ScriptSource source) => null;

    public static IEnumerable<string> Keys(JsValue value) => [.. value.AsObject().GetOwnPropertyKeys().Select(key => key.ToString())];
#endif
}
