using System.Buffers;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.GrpcJson;
using FilterProxy.Filters.Lib.Protobuf;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.GrpcJson;

public sealed class GrpcJsonFilterTests : IDisposable
{
    private const string Book =
        """{"name":"shelves/1/books/2","pageCount":300,"sold":"9007199254740993","tags":["a","b"],"ratings":[-1,2],"cover":"AP8=","genre":"NOVEL","author":{"name":"Jo","age":40},"stock":{"x":1},"price":1.5,"available":true,"printed":"2026-01-31T12:00:00.500Z","note":"hi"}""";

    private readonly TestComponentContext _context = new();
    private readonly string _file = Path.GetTempFileName();
    private readonly MessageType _book;

    public GrpcJsonFilterTests()
    {
        File.WriteAllBytes(_file, Library.Descriptors());
        _book = DescriptorSet.Parse(Library.Descriptors()).Find("library.Book")!;
    }

    public void Dispose()
    {
        _context.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public void A_message_goes_to_the_wire_and_back() => Assert.Equal(Book, JsonOf(BytesOf(Book)));

    [Theory]
    [InlineData("""{"page_count":"7"}""", """{"pageCount":7}""")]
    [InlineData("""{"sold":12}""", """{"sold":"12"}""")]
    [InlineData("""{"genre":1,"price":"NaN"}""", """{"genre":"NOVEL","price":"NaN"}""")]
    [InlineData("""{"genre":9}""", """{"genre":9}""")]
    [InlineData("""{"cover":"AP-_"}""", """{"cover":"AP+/"}""")]
    [InlineData("""{"pageCount":1e2}""", """{"pageCount":100}""")]
    [InlineData("""{"name":null,"tags":[]}""", "{}")]
    [InlineData("""{"printed":"2026-01-31T13:00:00+01:00"}""", """{"printed":"2026-01-31T12:00:00Z"}""")]
    public void Json_has_several_forms_and_is_written_in_one(string json, string expected) => Assert.Equal(expected, JsonOf(BytesOf(json)));

    [Theory]
    [InlineData("""{"nope":1}""")]
    [InlineData("""{"pageCount":"x"}""")]
    [InlineData("""{"pageCount":3000000000}""")]
    [InlineData("""{"pageCount":1.5}""")]
    [InlineData("""{"tags":"a"}""")]
    [InlineData("""{"available":"true"}""")]
    [InlineData("""{"genre":"POEM"}""")]
    [InlineData("""{"cover":"*"}""")]
    [InlineData("""{"author":[]}""")]
    [InlineData("""{"printed":"today"}""")]
    public void Json_that_does_not_fit_is_refused(string json) => Assert.Throws<ProtobufException>(() => BytesOf(json));

    [Fact]
    public void Bytes_of_any_kind_are_json_or_an_exception_of_ours()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        var valid = BytesOf(Book);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = i % 2 == 0 ? valid.ToArray() : new byte[random.Next(0, 40)];
            if (i % 2 == 0)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
            else
            {
                random.NextBytes(bytes);
            }

            try
            {
                JsonDocument.Parse(JsonOf(bytes)).Dispose();
            }
            catch (ProtobufException)
            {
                // What was meant to happen.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed}, round {i}: {Convert.ToHexString(bytes)}: {e}");
            }
        }
    }

    [Fact]
    public async Task A_get_becomes_a_call_by_its_path_and_query()
    {
        using var exchange = TestExchange.Get("/v1/shelves/1/books/2%2F3?author.name=Jo+Do&author.age=40");

        var run = await exchange.RunAsync(Filter());

        Assert.Equal("/library.Books/Get", run.Upstream!.PathText);
        Assert.Equal("POST", run.Upstream.MethodText);
        Assert.False(run.Upstream.HasQuery);
        Assert.Equal("application/grpc", run.Upstream.Headers["content-type"]);
        var type = DescriptorSet.Parse(Library.Descriptors()).Find("library.GetBook")!;
        Assert.Equal("""{"name":"shelves/1/books/2%2F3","author":{"name":"Jo Do","age":40}}""", JsonOf(run.RequestBody[5..], type));
        Assert.Equal(run.RequestBody.Length - 5, run.RequestBody[4]);
    }

    [Theory]
    [InlineData("POST", "/v1/books", """{"name":"x"}""", """{"name":"x"}""")]
    [InlineData("PUT", "/v1/authors/y", """{"age":3}""", """{"name":"y","author":{"age":3}}""")]
    [InlineData("POST", "/library.Books/Create", """{"name":"x"}""", """{"name":"x"}""")]
    [InlineData("POST", "/library.Books/Create", "", "{}")]
    public async Task A_body_becomes_the_message_or_a_field_of_it(string method, string path, string body, string expected)
    {
        using var exchange = TestExchange.Create(method, path, Encoding.UTF8.GetBytes(body));

        var run = await exchange.RunAsync(Filter());

        Assert.Equal("/library.Books/Create", run.Upstream!.PathText);
        Assert.Equal(expected, JsonOf(exchange.RequestBody[5..]));
    }

    [Theory]
    [InlineData("GET", "/v1/other")]
    [InlineData("GET", "/v1/books")]
    [InlineData("GET", "/library.Books/Create")]
    public async Task What_is_no_call_passes_unchanged(string method, string path)
    {
        using var exchange = TestExchange.Create(method, path).WithResponse(200, "x", ("content-type", "text/plain"));

        var run = await exchange.RunAsync(Filter());

        Assert.Equal(path, run.Upstream!.PathText);
        Assert.Equal("x", exchange.BodyText);
    }

    [Fact]
    public async Task A_bad_body_is_a_400_that_says_why()
    {
        using var exchange = TestExchange.Post("/v1/books", """{"nope":1}""");

        await exchange.RunAsync(Filter());

        Assert.Equal(400, exchange.Status);
        Assert.Equal("""{"code":3,"message":"library.Book has no field 'nope'"}""", exchange.BodyText);
    }

    [Fact]
    public async Task The_response_is_json()
    {
        using var exchange = await AnsweredAsync("/v1/books", "POST", Framed(BytesOf(Book)), 0);

        Assert.Equal((200, Book), (exchange.Status, exchange.BodyText));
        Assert.Equal("application/json", exchange.Response.Headers["content-type"]);
        Assert.Equal(0, exchange.Response.Trailers.Count);
    }

    [Fact]
    public async Task A_field_of_the_response_may_be_all_that_is_sent()
    {
        using var exchange = await AnsweredAsync("/v1/authors/y", "PUT", Framed(BytesOf(Book)), 0);

        Assert.Equal("""{"name":"Jo","age":40}""", exchange.BodyText);
    }

    [Theory]
    [InlineData(5, 404)]
    [InlineData(3, 400)]
    [InlineData(16, 401)]
    [InlineData(14, 503)]
    [InlineData(99, 500)]
    public async Task A_failure_has_its_http_status(int code, int status)
    {
        using var exchange = await AnsweredAsync("/v1/books", "POST", [], code, "no%20such%20book");

        Assert.Equal(status, exchange.Status);
        Assert.Equal($$"""{"code":{{code}},"message":"no such book"}""", exchange.BodyText);
    }

    [Theory]
    [InlineData(GrpcJsonStream.Array, "[{\"name\":\"a\"},{\"name\":\"b\"}]", "application/json")]
    [InlineData(GrpcJsonStream.Ndjson, "{\"name\":\"a\"}\n{\"name\":\"b\"}\n", "application/x-ndjson")]
    [InlineData(GrpcJsonStream.Sse, "data: {\"name\":\"a\"}\n\ndata: {\"name\":\"b\"}\n\n", "text/event-stream")]
    public async Task A_stream_comes_message_by_message(GrpcJsonStream form, string expected, string type)
    {
        byte[] body = [.. Framed(BytesOf("""{"name":"a"}""")), .. Framed(BytesOf("""{"name":"b"}"""))];

        foreach (var piece in new[] { 1, 4, 100 })
        {
            var (text, exchange) = await StreamedAsync(body, piece, 0, form);
            Assert.Equal(expected, text);
            Assert.Equal(type, exchange.Response.Headers["content-type"]);
            exchange.Dispose();
        }
    }

    [Fact]
    public async Task A_stream_that_fails_ends_with_the_error()
    {
        var (text, exchange) = await StreamedAsync(Framed(BytesOf("""{"name":"a"}""")), 100, 8, GrpcJsonStream.Array);

        Assert.Equal("""[{"name":"a"},{"error":{"code":8,"message":"why"}}]""", text);
        exchange.Dispose();
    }

    [Theory]
    [InlineData("nothing", "descriptors")]
    [InlineData("service", "there is no service library.Nope")]
    public void What_cannot_be_read_is_refused_with_the_configuration(string what, string message)
    {
        if (what == "nothing")
        {
            File.WriteAllText(_file, "not a descriptor set");
        }

        var refused = Assert.Throws<ArgumentException>(() => Filter(new() { Descriptors = _file, Services = what == "service" ? ["library.Nope"] : [] }));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private GrpcJsonFilter Filter(GrpcJsonOptions? options = null) => new(options ?? new() { Descriptors = _file }, _context);

    private async Task<TestExchange> AnsweredAsync(string path, string method, byte[] body, int code, string message = "")
    {
        var exchange = TestExchange.Create(method, path, "{}"u8.ToArray());
        var filter = Filter();
        await filter.OnRequestAsync(exchange);
        exchange.WithResponse(200, body, ("content-type", "application/grpc"));
        exchange.Response.Trailers.Set("grpc-status", $"{code}");
        exchange.Response.Trailers.Set("grpc-message", message);
        await filter.OnResponseAsync(exchange);
        return exchange;
    }

    private async Task<(string Text, TestExchange Exchange)> StreamedAsync(byte[] body, int piece, int code, GrpcJsonStream form)
    {
        var exchange = TestExchange.Get("/v1/books:list");
        var filter = Filter(new() { Descriptors = _file, Stream = form });
        await filter.OnRequestAsync(exchange);
        exchange.WithResponse(200, body, ("content-type", "application/grpc"));
        await filter.OnResponseAsync(exchange);
        Assert.Equal(BodyUse.Transform, filter.UseResponseBody(exchange));
        var output = new ArrayBufferWriter<byte>();
        foreach (var part in body.Chunk(piece))
        {
            Assert.Equal(FilterStatus.Continue, await filter.OnResponseBodyAsync(exchange, new(part), end: false, output));
        }

        exchange.Response.Trailers.Set("grpc-status", $"{code}");
        exchange.Response.Trailers.Set("grpc-message", "why");
        await filter.OnResponseBodyAsync(exchange, default, end: true, output);
        return (Encoding.UTF8.GetString(output.WrittenSpan), exchange);
    }

    private byte[] BytesOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        var output = new WireWriter();
        JsonToProto.WriteMessage(document.RootElement, _book, output);
        return output.Written.ToArray();
    }

    private string JsonOf(byte[] bytes) => JsonOf(bytes, _book);

    private static string JsonOf(byte[] bytes, MessageType type)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            new ProtoToJson(protoNames: false, withDefaults: false).WriteMessage(bytes, type, json);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static byte[] Framed(byte[] message) => [0, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];
}
