using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using System.Security.Claims;
using System.Text;

namespace FilterProxy.TestKit;

/// <summary>
/// An exchange without a connection, for testing filters: built by <see cref="Get"/> or <see cref="Post(string, string)"/> and the
/// <c>With</c> methods, given to a phase by hand or walked through all of them by <see cref="TestExchangeRun.RunAsync"/>.
/// </summary>
public sealed class TestExchange : HttpExchange, IDisposable
{
    private readonly Dictionary<string, Cluster> _clusters = [];
    private readonly CancellationTokenSource _aborted = new();
    private (int Status, byte[] Body, (string Name, string Value)[] Headers)? _upstreamAnswer;
    private PipeReader? _replyReader;
    private bool? _inResponse;

    private TestExchange(string method, string target, byte[] body)
    {
        Request.SetMethod(Encoding.ASCII.GetBytes(method));
        Request.Version = HttpVersionKind.Http11;
        WithTarget(target);
        WithHost("example.com");
        From("192.0.2.1");
        (Downstream.LocalAddress, Downstream.LocalPort, Downstream.RemotePort) = (IPAddress.Loopback, 80, 50000);
        (Downstream.ConnectionId, Downstream.ListenerName, Downstream.RequestNumber) = ("c1", "web", 1);
        RequestBody = body;
        if (body.Length > 0)
        {
            Request.Headers.Set(KnownHeader.ContentLength, Encoding.ASCII.GetBytes(body.Length.ToString()));
        }

        WithTime(TimeProvider.System);
    }

    /// <inheritdoc/>
    public override CancellationToken Aborted => _aborted.Token;

    /// <inheritdoc/>
    public override bool HasRequestBody => RequestBody.Length > 0;

    /// <summary>The request's body as it is now.</summary>
    public byte[] RequestBody { get; internal set; }

    /// <summary>The response's body as it is now; a streamed reply's once it was run or read.</summary>
    public byte[] ResponseBody { get; internal set; } = [];

    /// <summary>Whether a filter replaced the body of the message being filtered.</summary>
    public bool BodyReplaced { get; internal set; }

    /// <summary>The status of the response.</summary>
    public int Status => Response.StatusCode;

    /// <summary>The code <c>Reply</c> or <c>Abort</c> was called with.</summary>
    public string Reason => Stats.Reason;

    /// <summary>The response's body as UTF-8.</summary>
    public string BodyText => Encoding.UTF8.GetString(ResponseBody);

    /// <summary>The reason given to <see cref="Abort"/>; null when it was not called.</summary>
    public string? AbortedWith { get; private set; }

    /// <summary>How bodies are cut for body filters; 0 for one piece.</summary>
    public int PieceSize { get; private set; }

    /// <summary>A GET.</summary>
    public static TestExchange Get(string target) => new("GET", target, []);

    /// <summary>A POST with a text body.</summary>
    public static TestExchange Post(string target, string body) => new("POST", target, Encoding.UTF8.GetBytes(body));

    /// <summary>A POST.</summary>
    public static TestExchange Post(string target, byte[] body) => new("POST", target, body);

    /// <summary>Any method.</summary>
    public static TestExchange Create(string method, string target, byte[]? body = null) => new(method, target, body ?? []);

    /// <summary>Another client address, of the connection and of the client.</summary>
    public TestExchange From(string address)
    {
        Downstream.RemoteAddress = Downstream.ClientAddress = IPAddress.Parse(address);
        return this;
    }

    /// <summary>Another client address than the connection's: what a trusted proxy would have forwarded.</summary>
    public TestExchange ForwardedFor(string address)
    {
        Downstream.ClientAddress = IPAddress.Parse(address);
        return this;
    }

    /// <summary>Appends a request field.</summary>
    public TestExchange WithHeader(string name, string value)
    {
        Request.Headers.Append(name, value);
        return this;
    }

    /// <summary>Another authority and Host; <c>example.com</c> is the default.</summary>
    public TestExchange WithHost(string host)
    {
        Request.SetAuthority(Encoding.Latin1.GetBytes(host));
        Request.Headers.Set(KnownHeader.Host, Encoding.Latin1.GetBytes(host));
        return this;
    }

    /// <summary>Another protocol version.</summary>
    public TestExchange WithVersion(HttpVersionKind version)
    {
        Request.Version = version;
        return this;
    }

    /// <summary>The client showed a certificate, which held.</summary>
    public TestExchange WithClientCertificate(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        Downstream.ClientCertificate = certificate;
        return this;
    }

    /// <summary>The connection is TLS 1.3.</summary>
    public TestExchange OverTls(string serverName = "example.com")
    {
        (Downstream.IsTls, Downstream.TlsProtocol, Downstream.ServerName) = (true, SslProtocols.Tls13, serverName);
        Downstream.LocalPort = 443;
        return this;
    }

    /// <summary>The connection began with a PROXY protocol header.</summary>
    public TestExchange WithProxyProtocol(ProxyProtocolHeader header)
    {
        Downstream.ProxyProtocol = header;
        return this;
    }

    /// <summary>What the upstream answers. Applied at once; a run of all phases takes it back until its response phase.</summary>
    public TestExchange WithResponse(int status, string body = "", params (string Name, string Value)[] headers) =>
        WithResponse(status, Encoding.UTF8.GetBytes(body), headers);

    /// <inheritdoc cref="WithResponse(int, string, ValueTuple{string, string}[])"/>
    public TestExchange WithResponse(int status, byte[] body, params (string Name, string Value)[] headers)
    {
        _upstreamAnswer = (status, body, headers);
        ApplyUpstreamAnswer();
        return this;
    }

    /// <summary>Adds a cluster and, if there was none, sends the exchange to it.</summary>
    public TestExchange WithCluster(Cluster cluster)
    {
        _clusters[cluster.Name] = cluster;
        Cluster ??= cluster;
        return this;
    }

    /// <summary>An attempt on an endpoint of the cluster, which becomes the peer.</summary>
    public TestExchange WithAttempt(Endpoint endpoint, ProxyError error = default)
    {
        Stats.AddAttempt(endpoint);
        Stats.FailAttempt(error);
        Peer = endpoint.Peer;
        Attempt = Stats.AttemptCount;
        Error = error;
        return this;
    }

    /// <summary>The matched route.</summary>
    public TestExchange WithRoute(string name)
    {
        RouteName = name;
        return this;
    }

    /// <summary>An authenticated user with claims.</summary>
    public TestExchange WithUser(params (string Type, string Value)[] claims)
    {
        User = new ClaimsPrincipal(new ClaimsIdentity(claims.Select(c => new Claim(c.Type, c.Value)), "test"));
        return this;
    }

    /// <summary>Another clock; the exchange starts now by it.</summary>
    public TestExchange WithTime(TimeProvider time)
    {
        Stats.TimeProvider = time;
        Stats.Started = time.GetTimestamp();
        return this;
    }

    /// <summary>Cuts bodies into pieces of this many bytes for body filters.</summary>
    public TestExchange InPiecesOf(int bytes)
    {
        PieceSize = bytes;
        return this;
    }

    /// <summary>The client goes away.</summary>
    public void CloseDownstream()
    {
        AbortReason = AbortReason.ClientClosed;
        _aborted.Cancel();
    }

    /// <inheritdoc/>
    public override bool TryGetCluster(string name, [NotNullWhen(true)] out Cluster? cluster) => _clusters.TryGetValue(name, out cluster);

    /// <inheritdoc/>
    public override void Reply(int status, string reason, ReadOnlyMemory<byte> body = default, string? contentType = null)
    {
        BeginReply(status, reason, contentType);
        ResponseBody = body.ToArray();
        SetResponseLength(body.Length);
    }

    /// <inheritdoc/>
    public override void Reply(int status, string reason, PipeReader body, long? length, string? contentType)
    {
        BeginReply(status, reason, contentType);
        _replyReader = body;
        if (length is { } known)
        {
            SetResponseLength(known);
        }
    }

    /// <inheritdoc/>
    public override void Reply(int status, string reason, ReadOnlySequence<byte> body, PreparedFields fields)
    {
        BeginReply(status, reason, null);
        Response.Headers.Append(fields);
        ResponseBody = body.ToArray();
    }

    /// <inheritdoc/>
    public override void Abort(string reason)
    {
        AbortedWith ??= reason;
        Stats.Reason = reason;
        AbortReason = AbortReason.Filter;
        _aborted.Cancel();
    }

    /// <inheritdoc/>
    public override ValueTask<BufferResult> BufferRequestBodyAsync(long max) => new(Buffer(RequestBody, max));

    /// <inheritdoc/>
    public override async ValueTask<BufferResult> BufferResponseBodyAsync(long max)
    {
        await ReadReplyAsync();
        return Buffer(ResponseBody, max);
    }

    /// <inheritdoc/>
    public override void ReplaceBody(ReadOnlySequence<byte> body)
    {
        BodyReplaced = true;
        if (_inResponse ?? Status != 0)
        {
            ResponseBody = body.ToArray();
            SetResponseLength(body.Length);
        }
        else
        {
            RequestBody = body.ToArray();
            Request.Headers.Set(KnownHeader.ContentLength, Encoding.ASCII.GetBytes(body.Length.ToString()));
        }
    }

    /// <summary>Reads a streamed reply to its end, as the engine would, into <see cref="ResponseBody"/>.</summary>
    public async Task ReadReplyAsync()
    {
        if (_replyReader is not { } reader)
        {
            return;
        }

        _replyReader = null;
        using var body = new MemoryStream();
        await reader.CopyToAsync(body);
        await reader.CompleteAsync();
        ResponseBody = body.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _aborted.Dispose();
        Block.Release();
    }

    internal RequestHead BeginAttempt()
    {
        var attempt = new RequestHead(Block);
        attempt.CopyFrom(Request);
        return attempt;
    }

    internal void BeginRequest()
    {
        (_inResponse, BodyReplaced) = (false, false);
        if (!HasReply)
        {
            Response.Reset();
        }
    }

    internal void BeginResponse()
    {
        (_inResponse, BodyReplaced) = (true, false);
        if (!HasReply)
        {
            _upstreamAnswer ??= (200, [], []);
            ApplyUpstreamAnswer();
            Stats.Reason = "via_upstream";
        }
    }

    private static BufferResult Buffer(byte[] body, long max) => body.Length <= max
        ? new BufferResult(BufferStatus.Complete, new ReadOnlySequence<byte>(body))
        : new BufferResult(BufferStatus.TooLarge, new ReadOnlySequence<byte>(body, 0, (int)max));

    private void WithTarget(string target)
    {
        var start = Block.Append(Encoding.ASCII.GetBytes(target));
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var pathLength = query < 0 ? target.Length : query;
        Request.SetTarget(new ByteRange(start, target.Length));
        Request.SetPathAndQuery(
            new ByteRange(start, pathLength),
            query < 0 ? default : new ByteRange(start + pathLength + 1, target.Length - pathLength - 1),
            query >= 0);
    }

    private void ApplyUpstreamAnswer()
    {
        var (status, body, headers) = _upstreamAnswer!.Value;
        Response.Reset();
        Response.StatusCode = status;
        Response.Version = HttpVersionKind.Http11;
        ResponseBody = body;
        foreach (var (name, value) in headers)
        {
            Response.Headers.Append(name, value);
        }

        if (!Response.Headers.Contains(KnownHeader.ContentLength) && !Response.Headers.Contains(KnownHeader.TransferEncoding))
        {
            SetResponseLength(body.Length);
        }
    }

    private void BeginReply(int status, string reason, string? contentType)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        if (HasResponseStarted)
        {
            throw new InvalidOperationException("The response's head has been sent.");
        }

        Response.Reset();
        Response.StatusCode = status;
        Stats.Reason = reason;
        Stats.Flags |= ResponseFlags.LocalReply;
        HasReply = true;
        ResponseBody = [];
        _replyReader = null;
        if (contentType is not null)
        {
            Response.Headers.Set(KnownHeader.ContentType, Encoding.Latin1.GetBytes(contentType));
        }
    }

    private void SetResponseLength(long length) =>
        Response.Headers.Set(KnownHeader.ContentLength, Encoding.ASCII.GetBytes(length.ToString()));
}
