using System.Diagnostics;
using FilterProxy.Filters.Script;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Script;

/// <summary>What goes wrong with scripts ends soon, says where it happened, and is counted.</summary>
public sealed class ScriptFaultTests : IDisposable
{
    private readonly TestScript _script = new();

    public static TheoryData<string, string, string> Endless => new()
    {
        { "while (true) { }", "Statements", "more than 10000 statements" },
        { "for (;;);", "Statements", "more than 10000 statements" },
        { "function f() { return f(); } f();", "Recursion", "a function called itself deeper than 64" },
        { "function f() { return g(); } function g() { return f(); } f();", "Recursion", "a function called itself deeper than 64" },
        { "var s = 'x'; while (true) { s = s + s; }", "Memory", "it allocated more than 4194304 bytes" },
        { "var s = 'xxxxxxxxxxxxxxxx'; " + string.Concat(Enumerable.Repeat("s = s + s; ", 40)), "Memory", "it allocated more than" },
        { "var a = []; while (true) { a.push([1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]); }", "", "" },
        { "new Array(1e9).join('x');", "", "" },
        { "new Array(50000).join(new Array(90000).join('x'));", "Memory", "it allocated more than" },
        { "var a = []; a.length = 4e9; a.forEach(function () {});", "Exception", "an array may have 100000 elements" },
        { "Array.prototype.map.call({ length: 4e9 }, function () {});", "Exception", "an array may have 100000 elements" },
        { "Math.max.apply(null, { length: 4e9 });", "Exception", "an array may have 100000 elements" },
        { "/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!');", "Time", "it took longer than" },
        { "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.match('^(a+)+$');", "Time", "it took longer than" },
        { "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.replace(/^(a+)+$/, '');", "Time", "it took longer than" },
        { "var o = [1]; for (var i = 0; i < 40; i++) { o = [o, o]; } JSON.stringify(o);", "", "" },
        { "var o = [1]; for (var i = 0; i < 40; i++) { o = [o, o]; } '' + o;", "", "" },
        { "var a = []; a[0] = a; a.join();", "", "" },
        { "var s = ''; for (var i = 0; i < 1000; i++) { s += '['; } JSON.parse(s);", "Exception", "JSON is nested deeper than" },
        { "var o = { get x() { return this.x; } }; o.x;", "", "" },
        { "var o = { toString: function () { return '' + this; } }; '' + o;", "", "" },
    };

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task What_never_ends_is_ended(string code, string fault, string message)
    {
        _script.Options = _script.Options with { Timeout = TimeSpan.FromMilliseconds(500) };
        using var exchange = _script.Exchange("/");
        var filter = _script.Load($"function route() {{\n {code}\n }}");
        var clock = Stopwatch.StartNew();

        var e = await Assert.ThrowsAsync<ScriptException>(() => exchange.RunAsync(filter));

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Contains(fault, e.Fault.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("routes.js:", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(1, _script.Context.Sum("filterproxy.script.errors"));
    }

    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("throw new Error('x');")]
    [InlineData("function f() { return f(); } f();")]
    public async Task The_next_call_is_as_if_nothing_had_been(string code)
    {
        var filter = _script.Load($"function route(request) {{ if (request.path === '/bad') {{ {code} }} return 'beta'; }}");
        for (var i = 0; i < 20; i++)
        {
            using var bad = _script.Exchange("/bad");
            await Assert.ThrowsAsync<ScriptException>(() => bad.RunAsync(filter));
            using var good = _script.Exchange("/good");
            await good.RunAsync(filter);
            Assert.Equal("beta", good.Cluster!.Name);
        }
    }

    [Theory]
    [InlineData("function route() {\n  var x = nothing;\n}", "routes.js:2:")]
    [InlineData("function route() {\n  null.x;\n}", "routes.js:2:")]
    [InlineData("function inner() {\n  throw new Error('deep');\n}\nfunction route() {\n  inner();\n}", "routes.js:2:")]
    [InlineData("function route() {\n\n  throw 'text';\n}", "routes.js:3:")]
    public async Task An_exception_says_where_it_was_thrown(string code, string place)
    {
        using var exchange = _script.Exchange("/");

        var e = await Assert.ThrowsAsync<ScriptException>(() => _script.RunAsync(code, exchange));

        Assert.Equal(ScriptFault.Exception, e.Fault);
        Assert.Matches($"^{place}[0-9]+: ", e.Message);
    }

    [Theory]
    [InlineData("return 5;", "route() returned '5', not a cluster's name or an object")]
    [InlineData("return ['a'];", "route() returned an array")]
    [InlineData("return 'nowhere';", "route() chose 'nowhere', which is no cluster")]
    [InlineData("return { cluster: 5 };", "route() returned a cluster that is '5', not text")]
    [InlineData("return { reply: 'no' };", "route() returned a reply that is 'no'")]
    [InlineData("return { reply: { status: 99 } };", "whose status is '99', not a number from 200 to 599")]
    [InlineData("return { headers: 'x' };", "route() returned headers that are 'x'")]
    [InlineData("return { headers: { 'x-a': 'a\\r\\nb: c' } };", "header 'x-a' cannot be set")]
    [InlineData("return { headers: { 'not a name': '1' } };", "header 'not a name' cannot be set")]
    [InlineData("return { path: 'relative' };", "returned a path that cannot be sent")]
    [InlineData("return { path: '/a b' };", "returned a path that cannot be sent")]
    public async Task An_answer_that_means_nothing_is_a_fault(string body, string message)
    {
        using var exchange = _script.Exchange("/");

        var e = await Assert.ThrowsAsync<ScriptException>(() => _script.RunAsync($"function route() {{ {body} }}", exchange));

        Assert.Equal(ScriptFault.Answer, e.Fault);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_fallback_a_failure_goes_to_that_cluster()
    {
        _script.Options = _script.Options with { Fallback = "beta" };
        using var exchange = _script.Exchange("/");

        await _script.RunAsync("function route() { throw new Error('broken'); }", exchange);

        Assert.Equal("beta", exchange.Cluster!.Name);
        Assert.Equal(1, _script.Context.Sum("filterproxy.script.errors"));
        Assert.Contains(_script.Context.LogLines, line => line.Contains("routes.js:1:", StringComparison.Ordinal) && line.Contains("'beta'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("var f = (x) => x;", "routes.js:1:", "an arrow function is newer than the engine")]
    [InlineData("\nvar f = x => x + 1;", "routes.js:2:", "an arrow function")]
    [InlineData("var s = `text`;", "routes.js:1:", "a template literal")]
    [InlineData("class A { }", "routes.js:1:", "a class")]
    [InlineData("for (var x of [1]) { }", "routes.js:1:", "for-of")]
    [InlineData("var { a } = { a: 1 };", "routes.js:1:", "destructuring")]
    [InlineData("var a = [...[1]];", "routes.js:1:", "spread or rest")]
    [InlineData("var a = {}?.b;", "routes.js:1:", "optional chaining")]
    [InlineData("var a = null ?? 1;", "routes.js:1:", "the ?? operator")]
    [InlineData("export function route() { }", "routes.js:1:", "a module")]
    [InlineData("async function route() { }", "routes.js:1:", "async/await")]
    [InlineData("function route(a = 1) { }", "routes.js:1:", "a default parameter")]
    public void Syntax_the_engine_lacks_is_named_with_the_way_out(string code, string place, string name)
    {
        var e = Assert.Throws<ArgumentException>(() => _script.Load(code));

        Assert.StartsWith(place, e.Message, StringComparison.Ordinal);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
        Assert.Contains("typescript@5 tsc --target ES5", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_the_engine_lacks_is_named_with_what_does_instead()
    {
        using var exchange = _script.Exchange("/");

        var e = await Assert.ThrowsAsync<ScriptException>(() => _script.RunAsync("function route(r) { return r.path.startsWith('/a'); }", exchange));

        Assert.Contains("'startsWith' is not in ECMAScript 5", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("function route( {", "routes.js:1:")]
    [InlineData("function route() {\n  return 'a\n}", "routes.js:2:")]
    [InlineData("var x = 1;", "it defines none of the functions route, onRequest, onResponse and log")]
    [InlineData("", "it defines none of the functions")]
    [InlineData("var x = nothing.y;", "routes.js:1:")]
    [InlineData("while (true) { }", "routes.js:1:")]
    public void A_script_that_cannot_be_loaded_is_an_error_of_the_configuration(string code, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => _script.Load(code)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(", 300)]
    [InlineData("(", 100_000)]
    [InlineData("!", 100_000)]
    [InlineData("a?b:", 50_000)]
    [InlineData("1+", 100_000)]
    [InlineData("if(a);else ", 20_000)]
    [InlineData("x", 300_000)]
    public void A_file_made_to_exhaust_the_parser_is_refused(string piece, int times) =>
        Assert.StartsWith("routes.js:1:", Assert.Throws<ArgumentException>(() => _script.Load("var a; " + string.Concat(Enumerable.Repeat(piece, times)) + "1;")).Message, StringComparison.Ordinal);

    public void Dispose() => _script.Dispose();
}
