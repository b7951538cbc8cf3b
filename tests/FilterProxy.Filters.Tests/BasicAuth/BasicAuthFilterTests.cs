using System.Text;
using FilterProxy.Filters.BasicAuth;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.BasicAuth;

public sealed class BasicAuthFilterTests : IDisposable
{
    // Few iterations: what is tested here is not how slow it is.
    private static readonly string Hash = PasswordHash.Create("s3cret:€", 1000).ToString();
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task The_right_password_passes_and_goes_no_further()
    {
        using var exchange = Asked("ada", "s3cret:€").WithHeader("x-user", "root");
        var run = await exchange.RunAsync(Filter());
        Assert.Equal("ada", run.Upstream!.Headers["x-user"]);
        Assert.Null(run.Upstream.Headers["authorization"]);
        Assert.Equal("ada", exchange.User!.FindFirst("sub")!.Value);
    }

    [Theory]
    [InlineData("ada", "wrong")]
    [InlineData("ada", "")]
    [InlineData("Ada", "s3cret:€")]
    [InlineData("bob", "s3cret:€")]
    [InlineData("", "")]
    public async Task A_wrong_name_or_password_is_asked_for_another(string name, string password)
    {
        using var exchange = Asked(name, password);
        var run = await exchange.RunAsync(Filter());
        Assert.Null(run.Upstream);
        Assert.Equal((401, "basic_auth_denied"), (exchange.Status, exchange.Reason));
        Assert.Equal("Basic realm=\"the \'lab\'\", charset=\"UTF-8\"", exchange.Response.Headers["www-authenticate"]);
    }

    [Theory]
    [InlineData("Bearer abc")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!")]
    [InlineData("Basic YWRh")]
    [InlineData("Basic YWRhOnMzY3JldA== x")]
    [InlineData("Basicx YWRhOnMzY3JldA==")]
    public async Task What_is_no_password_is_none(string field)
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", field);
        await exchange.RunAsync(Filter());
        Assert.Equal((401, "basic_auth_required"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task Credentials_that_are_too_long_are_nobodys()
    {
        using var exchange = Asked("ada", new string('x', 2000));
        await exchange.RunAsync(Filter());
        Assert.Equal(401, exchange.Status);
    }

    [Fact]
    public async Task The_scheme_has_no_case()
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", "bASIC " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:s3cret:€")));
        Assert.NotNull((await exchange.RunAsync(Filter())).Upstream);
    }

    [Fact]
    public async Task A_password_that_was_right_is_not_derived_again_for_a_while()
    {
        var clock = new FakeTimeProvider();
        _context.Clock = clock;
        var filter = Filter(new() { Users = Users(), Remember = TimeSpan.FromMinutes(1) });
        using var first = Asked("ada", "s3cret:€");
        await first.RunAsync(filter);

        using var second = Asked("ada", "s3cret:€");
        Assert.True(filter.OnRequestAsync(second).IsCompletedSuccessfully);
        Assert.NotNull(second.User);

        using var wrong = Asked("ada", "s3cret:");
        Assert.Equal(FilterStatus.Stop, await filter.OnRequestAsync(wrong));

        clock.Advance(TimeSpan.FromMinutes(2));
        using var late = Asked("ada", "s3cret:€");
        Assert.Equal(FilterStatus.Continue, await filter.OnRequestAsync(late));
    }

    [Fact]
    public async Task A_flood_of_guesses_is_turned_away()
    {
        var slow = PasswordHash.Create("x", 3_000_000).ToString();
        var filter = Filter(new() { Users = new Dictionary<string, string> { ["ada"] = slow }, Parallel = 1, Queue = 0 });
        using var first = Asked("ada", "a");
        using var second = Asked("bob", "b");
        var verifying = filter.OnRequestAsync(first);
        Assert.Equal(FilterStatus.Stop, await filter.OnRequestAsync(second));
        Assert.Equal((503, "basic_auth_busy", "1"), (second.Status, second.Reason, second.Response.Headers["retry-after"]));
        await verifying;
        Assert.Equal(401, first.Status);
    }

    [Fact]
    public async Task The_upstream_may_get_the_header_and_need_not_get_the_name()
    {
        using var exchange = Asked("ada", "s3cret:€");
        var run = await exchange.RunAsync(Filter(new() { Users = Users(), Forward = true, UserHeader = "" }));
        Assert.NotNull(run.Upstream!.Headers["authorization"]);
        Assert.Null(run.Upstream.Headers["x-user"]);
    }

    [Fact]
    public async Task Users_may_stand_in_a_file()
    {
        using var folder = new ScratchFolder();
        _context.Directory = folder.Path;
        folder.Write("users.txt", $"# people\n\nada:{Hash}\n");
        using var exchange = Asked("ada", "s3cret:€");
        Assert.NotNull((await exchange.RunAsync(Filter(new() { UsersFile = "users.txt" }))).Upstream);

        folder.Write("users.txt", "ada:plaintext");
        var error = Assert.Throws<ArgumentException>(() => Filter(new() { UsersFile = "users.txt" })).Message;
        Assert.Contains("users.txt:1: the password of 'ada' is no hash", error, StringComparison.Ordinal);
        Assert.DoesNotContain("plaintext", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g", true)]
    [InlineData("$pbkdf2-sha256$i=999$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g", false)]
    [InlineData("$pbkdf2-sha256$i=99999999$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g", false)]
    [InlineData("$pbkdf2-sha256$i=1000$c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2g", false)]
    [InlineData("$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0$", false)]
    [InlineData("$pbkdf2-md5$i=1000$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g", false)]
    [InlineData("$2y$10$abcdefghijklmnopqrstuv", false)]
    [InlineData("", false)]
    public void A_hash_is_read_strictly(string text, bool isHash) => Assert.Equal(isHash, PasswordHash.TryParse(text, out _));

    [Theory]
    [InlineData("$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0$sYIePhT5IXESDKvnouJXtE5pTJ6Znbmef4vViYmc9Uc")]
    public void A_hash_made_elsewhere_is_understood(string text)
    {
        // Python: hashlib.pbkdf2_hmac('sha256', b'password', b'saltsaltsalt', 1000)
        Assert.True(PasswordHash.TryParse(text, out var hash));
        Assert.True(hash.Verify("password"u8));
        Assert.False(hash.Verify("passwore"u8));
        Assert.Equal(text, hash.ToString());
    }

    [Fact]
    public async Task The_command_makes_a_hash_of_what_it_reads()
    {
        using var output = new StringWriter();
        Assert.Equal(0, await new PasswordCommand(new StringReader("s3cret\n")).RunAsync([], output, default));
        Assert.True(PasswordHash.TryParse(output.ToString().Trim(), out var hash));
        Assert.Equal(PasswordHash.DefaultIterations, hash.Iterations);
        Assert.True(hash.Verify("s3cret"u8));
        Assert.Equal(1, await new PasswordCommand(new StringReader("")).RunAsync([], output, default));
        Assert.Equal(1, await new PasswordCommand(new StringReader("x")).RunAsync(["s3cret"], output, default));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-user"] + r.Headers["authorization"]));
        await using var proxy = await StartAsync(upstream.Port, $"users: {{ ada: '{Hash}' }}", transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(401, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:s3cret:€"));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("ada", (await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {credentials}\r\n\r\n")).Text);
        }
    }

    [Theory]
    [InlineData("users: { ada: secret }", "is no hash")]
    [InlineData("realm: x", "must name somebody")]
    [InlineData("realm: 'a\"b', users_file: x", "without quotes")]
    [InlineData("users_file: none.txt", "none.txt")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static Dictionary<string, string> Users() => new() { ["ada"] = Hash };

    private static TestExchange Asked(string name, string password) =>
        TestExchange.Get("/").WithHeader("authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ basic_auth: {{ {options} }} }} ] }}", components: typeof(BasicAuthFilter));

    private BasicAuthFilter Filter(BasicAuthOptions? options = null) => new(options ?? new() { Users = Users(), Realm = "the 'lab'" }, _context);
}
