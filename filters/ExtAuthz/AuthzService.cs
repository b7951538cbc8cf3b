using System.Buffers;
using System.Text;

namespace FilterProxy.Filters.ExtAuthz;

/// <summary>The service that decides, asked with a request like the one it decides about.</summary>
internal sealed class AuthzService : IDisposable
{
    private const int LargestRefusal = 64 * 1024;
    private static readonly string[] Always = ["authorization", "cookie"];

    private readonly HttpClient _client;
    private readonly ExtAuthzOptions _options;
    private readonly TimeProvider _time;
    private readonly string[] _headers;

    public AuthzService(ExtAuthzOptions options, ComponentContext context)
    {
        (_options, _time) = (options, context.Time);
        _client = context.CreateHttpClient(options.Cluster);
        _client.Timeout = System.Threading.Timeout.InfiniteTimeSpan;
        _headers = [.. Always.Concat(options.RequestHeaders.Select(name => name.ToLowerInvariant())).Distinct().Where(name => name != "host")];
    }

    /// <summary>The question: the request's method, path, host and what headers were asked for.</summary>
    public HttpRequestMessage QuestionOf(HttpExchange exchange, ReadOnlySequence<byte>? body, bool isPartial)
    {
        var request = exchange.Request;
        var target = _options.PathPrefix + request.PathText + (request.HasQuery ? $"?{request.QueryText}" : "");
        var question = new HttpRequestMessage(
            new HttpMethod(request.MethodText), new Uri(_client.BaseAddress!.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        question.Headers.Host = request.AuthorityText;
        if (body is { } bytes)
        {
            question.Content = new ByteArrayContent(bytes.ToArray());
        }

        foreach (var name in _headers)
        {
            foreach (var value in request.Headers.Values(Encoding.ASCII.GetBytes(name)))
            {
                var text = Encoding.Latin1.GetString(value);
                if (!question.Headers.TryAddWithoutValidation(name, text))
                {
                    // Fields of the content; without one there is nothing they could say.
                    question.Content?.Headers.TryAddWithoutValidation(name, text);
                }
            }
        }

        // Who asks, as far as it is known here, whatever the client says of it.
        question.Headers.Remove("x-forwarded-for");
        question.Headers.TryAddWithoutValidation("x-forwarded-for", exchange.Downstream.ClientAddress?.ToString() ?? "unknown");
        if (isPartial)
        {
            question.Headers.TryAddWithoutValidation("x-auth-partial-body", "true");
        }

        return question;
    }

    /// <summary>Its answer; where there is none, why.</summary>
    public async Task<AuthzAnswer> AskAsync(HttpRequestMessage question, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            using var owned = question;
            using var response = await _client.SendAsync(question, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = (int)response.StatusCode is 200 or >= 500 ? [] : await ReadAsync(response.Content, either.Token);
            return new AuthzAnswer((int)response.StatusCode, [.. FieldsOf(response)], body, "");
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return AuthzAnswer.Failed($"no answer within {_options.Timeout.TotalMilliseconds:0} ms");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UpstreamException or InvalidDataException)
        {
            return AuthzAnswer.Failed((e.InnerException ?? e).Message);
        }
    }

    public void Dispose() => _client.Dispose();

    private static IEnumerable<(string Name, string Value)> FieldsOf(HttpResponseMessage response)
    {
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                yield return (name, value);
            }
        }

        foreach (var (name, values) in response.Content.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                yield return (name, value);
            }
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        await using var stream = await content.ReadAsStreamAsync(cancel);
        var buffer = new byte[LargestRefusal + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        return length <= LargestRefusal ? buffer[..length] : throw new InvalidDataException($"its refusal is longer than {LargestRefusal / 1024} KiB");
    }
}
