using System.Buffers;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public class TemplateTests
{
    [Theory]
    [InlineData("%PROTOCOL%", "HTTP/1.1")]
    [InlineData("%RESPONSE_CODE%", "201")]
    [InlineData("%RESPONSE_CODE_DETAILS%", "via_upstream")]
    [InlineData("%RESPONSE_FLAGS%", "UF,URX,LR")]
    [InlineData("%BYTES_RECEIVED%", "12")]
    [InlineData("%BYTES_SENT%", "34")]
    [InlineData("%REQUEST_HEADERS_BYTES%", "56")]
    [InlineData("%RESPONSE_HEADERS_BYTES%", "78")]
    [InlineData("%START_TIME%", "2026-01-02T03:04:05.678Z")]
    [InlineData("%DURATION%", "400")]
    [InlineData("%REQUEST_DURATION%", "100")]
    [InlineData("%RESPONSE_DURATION%", "300")]
    [InlineData("%RESPONSE_TX_DURATION%", "100")]
    [InlineData("%COMMON_DURATION(DS_RX_BEG:US_RX_BEG)%", "300")]
    [InlineData("%COMMON_DURATION(US_RX_BEG:DS_TX_END:us)%", "100000")]
    [InlineData("%COMMON_DURATION(DS_RX_BEG:US_CX_END)%", "-")]
    [InlineData("%RESPONSE_FLAGS_LONG%", "UpstreamConnectionFailure,UpstreamRetryLimitExceeded,LocalReply")]
    [InlineData("%CONNECTION_TERMINATION_DETAILS%", "-")]
    [InlineData("%GRPC_STATUS%", "OK")]
    [InlineData("%GRPC_STATUS(NUMBER)%", "0")]
    [InlineData("%GRPC_STATUS_NUMBER%", "0")]
    [InlineData("%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "2")]
    [InlineData("%UPSTREAM_TRANSPORT_FAILURE_REASON%", "-")]
    [InlineData("%REQ(x-user)%", "alice")]
    [InlineData("%REQUEST_HEADER(X-User)%", "alice")]
    [InlineData("%REQ(User-Agent)%", "agent/1")]
    [InlineData("%REQ(x-none)%", "-")]
    [InlineData("%REQ(x-none?x-user)%", "alice")]
    [InlineData("%REQ(x-user?x-none)%", "alice")]
    [InlineData("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "/a/b?x=1&y=%41&z")]
    [InlineData("%REQ(:METHOD)% %REQ(:scheme)% %REQ(:AUTHORITY)%", "GET https example.com:8443")]
    [InlineData("%RESP(content-type)%", "text/plain")]
    [InlineData("%RESPONSE_HEADER(:STATUS)%", "201")]
    [InlineData("%TRAILER(grpc-status)%", "0")]
    [InlineData("%RESPONSE_TRAILER(x-none)%", "-")]
    [InlineData("%METHOD%", "GET")]
    [InlineData("%PATH%", "/a/b?x=1&y=%41&z")]
    [InlineData("%PATH(WQ)%", "/a/b?x=1&y=%41&z")]
    [InlineData("%PATH(NQ)%", "/a/b")]
    [InlineData("%PATH(NQ:ORIG)%", "/a/b")]
    [InlineData("%QUERY%", "x=1&y=%41&z")]
    [InlineData("%QUERY_PARAM(x)%", "1")]
    [InlineData("%QUERY_PARAM(y)%", "%41")]
    [InlineData("%QUERY_PARAM(z)%", "")]
    [InlineData("%QUERY_PARAM(X)%", "-")]
    [InlineData("%COOKIE(id)%", "42")]
    [InlineData("%COOKIE(last)%", "a=b")]
    [InlineData("%COOKIE(second-line)%", "1")]
    [InlineData("%COOKIE(i)%", "-")]
    [InlineData("%HOST%", "example.com")]
    [InlineData("%ROUTE_NAME%", "home")]
    [InlineData("%UPSTREAM_CLUSTER%", "web")]
    [InlineData("%UPSTREAM_HOST%", "backend.internal:81")]
    [InlineData("%UPSTREAM_HOST_NAME%", "backend.internal:81")]
    [InlineData("%UPSTREAM_HOST_NAME_WITHOUT_PORT%", "backend.internal")]
    [InlineData("%UPSTREAM_HOSTS_ATTEMPTED%", "10.0.0.5:80,backend.internal:81")]
    [InlineData("%DOWNSTREAM_REMOTE_ADDRESS%", "203.0.113.9:0")]
    [InlineData("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "203.0.113.9")]
    [InlineData("%DOWNSTREAM_REMOTE_PORT%", "0")]
    [InlineData("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "[2001:db8::1]:50000")]
    [InlineData("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%", "2001:db8::1")]
    [InlineData("%DOWNSTREAM_DIRECT_REMOTE_PORT%", "50000")]
    [InlineData("%DOWNSTREAM_LOCAL_ADDRESS%", "127.0.0.1:443")]
    [InlineData("%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%", "127.0.0.1")]
    [InlineData("%DOWNSTREAM_LOCAL_PORT%", "443")]
    [InlineData("%DOWNSTREAM_TLS_VERSION%", "TLSv1.3")]
    [InlineData("%DOWNSTREAM_TLS_CIPHER%", "TLS_AES_128_GCM_SHA256")]
    [InlineData("%DOWNSTREAM_PEER_SUBJECT%", "-")]
    [InlineData("%REQUESTED_SERVER_NAME%", "sni.example.com")]
    [InlineData("%LISTENER_NAME%", "web")]
    [InlineData("%CONNECTION_ID%", "c1")]
    [InlineData("%DYNAMIC_METADATA(jwt:sub)%", "alice")]
    [InlineData("%DYNAMIC_METADATA(jwt:none)%", "-")]
    [InlineData("%CLAIM(role)%", "admin")]
    [InlineData("%CLAIM(none)%", "-")]
    [InlineData("%REQUEST_ID%", "r-1")]
    [InlineData("%TRACE_ID%", "0af7651916cd43dd8448eb211c80319c")]
    public void Fills_in_an_operator(string template, string expected)
    {
        using var exchange = Exchange();
        Assert.Equal(expected, Template.Parse(template).Format(exchange));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("100%%", "100%")]
    [InlineData("%%PATH%%", "%PATH%")]
    [InlineData("%METHOD%%PATH(NQ)%", "GET/a/b")]
    [InlineData("a %METHOD% b %RESPONSE_CODE%%% c", "a GET b 201% c")]
    [InlineData("grün %METHOD%", "grün GET")]
    [InlineData("%REQ(x-user):3%", "ali")]
    [InlineData("%REQ(x-user):30%", "alice")]
    [InlineData("%METHOD:1%", "G")]
    [InlineData("%CLAIM(long):4%", "gr\u00fc")]
    [InlineData("%CLAIM(long):3%", "gr")]
    public void Mixes_text_and_operators(string template, string expected)
    {
        using var exchange = Exchange();
        Assert.Equal(expected, Template.Parse(template).Format(exchange));
    }

    [Theory]
    [InlineData("%Y-%m-%d %H:%M:%S", "2026-01-02 03:04:05")]
    [InlineData("%FT%T.%3fZ", "2026-01-02T03:04:05.678Z")]
    [InlineData("%d/%b/%Y:%H:%M:%S %z", "02/Jan/2026:03:04:05 +0000")]
    [InlineData("%s", "1767323045")]
    [InlineData("%s.%3f", "1767323045.678")]
    [InlineData("%1f %6f %f", "6 678000 678000")]
    [InlineData("%a %A %B %e %j %y %I %p %Z %%", "Fri Friday January  2 002 26 03 AM UTC %")]
    public void Formats_the_start_time_by_strftime(string format, string expected)
    {
        using var exchange = Exchange();
        Assert.Equal(expected, Template.Parse($"%START_TIME({format})%").Format(exchange));
    }

    [Theory]
    [InlineData("%NOPE%", "unknown operator 'NOPE'")]
    [InlineData("%RESPONSE_CDE%", "did you mean 'RESPONSE_CODE'?")]
    [InlineData("%REQUEST_HEADERS(x)%", "did you mean 'REQUEST_HEADER'?")]
    [InlineData("%METHOD", "'METHOD' must end with '%'")]
    [InlineData("%METHOD:0%", "length of at least 1")]
    [InlineData("%METHOD:x%", "length of at least 1")]
    [InlineData("%METHOD:99999999999%", "length of at least 1")]
    [InlineData("%METHOD(x)%", "'METHOD' takes no argument")]
    [InlineData("%REQ%", "'REQ' needs an argument")]
    [InlineData("%REQ( )%", "'REQ' needs an argument")]
    [InlineData("%REQ(x%", "')%'")]
    [InlineData("%REQ(a b)%", "no header name")]
    [InlineData("%REQ(a?b?c)%", "no header name")]
    [InlineData("%REQ(a?)%", "no header name")]
    [InlineData("%REQ(:STATUS)%", "no header name")]
    [InlineData("%PATH(XX)%", "WQ")]
    [InlineData("%DYNAMIC_METADATA(jwt)%", "namespace and a key")]
    [InlineData("%COMMON_DURATION(DS_RX_BEG)%", "is not two of DS_RX_BEG")]
    [InlineData("%COMMON_DURATION(DS_RX_BEG:DS_TX_END:h)%", "':ms'")]
    [InlineData("%GRPC_STATUS(x)%", "CAMEL_STRING")]
    [InlineData("%START_TIME(%Q)%", "'%Q'")]
    [InlineData("%START_TIME(%8f)%", "'%8f'")]
    [InlineData("%START_TIME(%)%", "'%'")]
    [InlineData("100% sure", "'%%'")]
    [InlineData("%", "'%%'")]
    public void Refuses_what_is_no_template_and_says_why(string text, string expected)
    {
        Assert.False(Template.TryParse(text, out var template, out var error));
        Assert.Null(template);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Throws<FormatException>(() => Template.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_tells_the_column() =>
        Assert.Contains("column 10", Assert.Throws<FormatException>(() => Template.Parse("%METHOD% %NOPE%")).Message, StringComparison.Ordinal);

    [Fact]
    public void Everything_is_a_dash_on_an_exchange_that_never_got_anywhere()
    {
        using var exchange = TestExchange.Get("/");
        const string text = "%ROUTE_NAME% %UPSTREAM_CLUSTER% %UPSTREAM_HOST% %UPSTREAM_HOSTS_ATTEMPTED% %RESPONSE_DURATION% %RESPONSE_TX_DURATION% "
            + "%REQUEST_DURATION% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %QUERY% %DOWNSTREAM_TLS_VERSION% %RESP(:STATUS)% %TRACE_ID%";
        Assert.All(Template.Parse(text).Format(exchange).Split(' '), part => Assert.Equal("-", part));
        Assert.Equal("0", Template.Parse("%RESPONSE_CODE%").Format(exchange));
    }

    [Fact]
    public void Addresses_are_dashes_on_a_unix_socket()
    {
        using var exchange = TestExchange.Get("/");
        exchange.Downstream.RemoteAddress = exchange.Downstream.ClientAddress = exchange.Downstream.LocalAddress = null;
        const string text = "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_PORT% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%";
        Assert.Equal("- - - -", Template.Parse(text).Format(exchange));
    }

    [Fact]
    public void An_IPv4_client_of_a_dual_mode_socket_reads_as_IPv4()
    {
        using var exchange = TestExchange.Get("/").From("::ffff:203.0.113.9");
        Assert.Equal("203.0.113.9:50000", Template.Parse("%DOWNSTREAM_REMOTE_ADDRESS%").Format(exchange));
    }

    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("example.com:80", "example.com")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("[::1]:80", "[::1]")]
    public void Host_is_the_authority_without_its_port(string authority, string expected)
    {
        using var exchange = TestExchange.Get("/").WithHost(authority);
        Assert.Equal(expected, Template.Parse("%HOST%").Format(exchange));
    }

    [Fact]
    public void Every_flag_has_a_short_name()
    {
        using var exchange = TestExchange.Get("/");
        var names = Enum.GetValues<ResponseFlags>().Where(f => f != ResponseFlags.None).Select(flag =>
        {
            exchange.Stats.Flags = flag;
            return Template.Parse("%RESPONSE_FLAGS%").Format(exchange);
        }).ToArray();
        Assert.Equal("UH UF UO NR URX UC UT UPE DC DPE DT LR RL UAEX FI OM", string.Join(' ', names));
    }

    [Fact]
    public void Host_name_and_environment_are_constants()
    {
        Assert.True(Template.Parse("a%HOSTNAME%%%b").TryGetConstant(out var value));
        Assert.Equal($"a{Environment.MachineName}%b", System.Text.Encoding.UTF8.GetString(value));
        Assert.True(Template.Parse("%ENVIRONMENT(FILTERPROXY_SURELY_NOT_SET)%").TryGetConstant(out var unset));
        Assert.Equal("-", System.Text.Encoding.UTF8.GetString(unset));
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), Template.Parse("%ENVIRONMENT(PATH)%").Format(null!));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("a%%", true)]
    [InlineData("%HOSTNAME%:3", true)]
    [InlineData("a%PATH%", false)]
    public void Knows_whether_it_is_constant(string text, bool expected) => Assert.Equal(expected, Template.Parse(text).IsConstant);

    [Fact]
    public void Escaping_leaves_no_control_byte_quote_backslash_or_byte_beyond_ASCII_of_a_value()
    {
        using var exchange = TestExchange.Get("/").WithUser(("sub", "a\r\n\"\\\u007f\tb\u00fc"));
        var output = new ArrayBufferWriter<byte>();
        Template.Parse("\"%CLAIM(sub)%\"\\ ").FormatEscaped(exchange, output);
        Assert.Equal("\"a\\x0D\\x0A\\x22\\x5C\\x7F\\x09b\\xC3\\xBC\"\\ ", System.Text.Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("<b>%CLAIM(sub)%</b>", "<b>[a<b>c]</b>")]
    [InlineData("<%CLAIM(sub):2%>", "<[a<]>")]
    [InlineData("%CLAIM(none)%%%", "-%")]
    public void A_callers_rule_is_for_values_and_not_for_the_text_around_them(string text, string expected)
    {
        using var exchange = TestExchange.Get("/").WithUser(("sub", "a<b>c"));
        var output = new ArrayBufferWriter<byte>();
        Template.Parse(text).Format(exchange, output, static (value, to) =>
        {
            to.Write("["u8);
            to.Write(value);
            to.Write("]"u8);
        });
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("%REQ(x-none)%", false)]
    [InlineData("%REQ(x-user)%", true)]
    [InlineData("a%REQ(x-none)%", true)]
    [InlineData("constant", true)]
    public void Only_a_single_operator_can_be_without_a_value(string text, bool expected)
    {
        using var exchange = Exchange();
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(expected, Template.Parse(text).TryFormat(exchange, output));
        Assert.Equal(expected, output.WrittenCount > 0);
    }

    [Fact]
    public void Templates_of_the_same_text_are_equal()
    {
        Assert.Equal(Template.Parse("%PATH%"), Template.Parse("%PATH%"));
        Assert.NotEqual(Template.Parse("%PATH%"), Template.Parse("%METHOD%"));
        Assert.Equal(Template.Parse("%PATH%").GetHashCode(), Template.Parse("%PATH%").GetHashCode());
        Assert.Equal("%PATH% %%", Template.Parse("%PATH% %%").ToString());
    }

    [Fact]
    public void Bytes_of_the_message_are_copied_as_they_are()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-a", "\u00fc");
        var output = new ArrayBufferWriter<byte>();
        var template = Template.Parse("%REQ(x-a)%");
        template.Format(exchange, output);
        Assert.Equal([0xFC], output.WrittenSpan.ToArray());
        Assert.Equal("\u00fc", template.Format(exchange));
    }

    [Fact]
    public void Formatting_allocates_nothing()
    {
        using var exchange = Exchange();
        var output = new ArrayBufferWriter<byte>(4096);

        // Claims are looked up by the framework, which allocates.
        foreach (var name in TemplateOperators.Names.Where(n => n != "CLAIM"))
        {
            if (!Template.TryParse($"%{name}%", out var template, out _))
            {
                template = Template.Parse(name switch
                {
                    "DYNAMIC_METADATA" => "%DYNAMIC_METADATA(jwt:sub)%",
                    "COMMON_DURATION" => "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
                    "PROXY_PROTOCOL_TLV" => "%PROXY_PROTOCOL_TLV(authority)%",
                    _ => $"%{name}(x-user):9%",
                });
            }

            var allocated = Allocations.Of(() =>
            {
                output.ResetWrittenCount();
                template.Format(exchange, output);
                template.FormatEscaped(exchange, output);
            });
            Assert.True(allocated == 0, $"{name}: {allocated} bytes");
        }
    }

    private static TestExchange Exchange()
    {
        var time = new Clock();
        var cluster = new TestCluster("web", "10.0.0.5:80", "backend.internal:81");
        var exchange = TestExchange.Get("/a/b?x=1&y=%41&z").WithTime(time).OverTls("sni.example.com").WithHost("example.com:8443")
            .From("2001:db8::1").ForwardedFor("203.0.113.9").WithRoute("home").WithCluster(cluster)
            .WithHeader("X-User", "alice").WithHeader("user-agent", "agent/1").WithHeader("x-request-id", "r-1")
            .WithHeader("cookie", "id=42; last=a=b").WithHeader("cookie", "second-line=1")
            .WithHeader("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .WithUser(("role", "admin"), ("long", "gr\u00fcn"))
            .WithResponse(201, "", ("content-type", "text/plain"))
            .WithAttempt(cluster.Endpoints[0]).WithAttempt(cluster.Endpoints[1]);
        exchange.Response.Trailers.Append("grpc-status", "0");
        exchange.Metadata["jwt", "sub"] = "alice";
        exchange.Downstream.TlsCipher = System.Net.Security.TlsCipherSuite.TLS_AES_128_GCM_SHA256;
        var stats = exchange.Stats;
        (stats.RequestEnded, stats.ResponseStarted, stats.Ended) = (stats.Started + 100, stats.Started + 300, stats.Started + 400);
        (stats.RequestBodyBytes, stats.ResponseBodyBytes, stats.RequestHeadBytes, stats.ResponseHeadBytes) = (12, 34, 56, 78);
        stats.Flags = ResponseFlags.UpstreamConnectionFailure | ResponseFlags.UpstreamRetryLimitExceeded | ResponseFlags.LocalReply;
        stats.Reason = "via_upstream";
        return exchange;
    }

    /// <summary>One tick is a millisecond; 1.5 seconds have passed since the exchange began.</summary>
    private sealed class Clock : TimeProvider
    {
        private long _ticks = 1000;

        public override long TimestampFrequency => 1000;

        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 7, 178, TimeSpan.Zero);

        public override long GetTimestamp()
        {
            var now = _ticks;
            _ticks = 2500;
            return now;
        }
    }
}
