using System.Buffers.Binary;

namespace FilterProxy.TestKit;

/// <summary>
/// An HTTP/2 client that sends frames exactly as given and keeps every frame it receives. Answers SETTINGS and PING, and offers windows so
/// large that they never close, unless told otherwise.
/// </summary>
public sealed class H2Client : IAsyncDisposable
{
    /// <summary>What a connection begins with (RFC 9113 §3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private readonly Stream _stream;
    private readonly List<H2Frame> _frames = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Dictionary<int, long> _windows = [];
    private readonly Task _reading;
    private readonly bool _answers;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _connectionWindow = 65_535;
    private long _initialWindow = 65_535;
    private int _nextStream = 1;

    private H2Client(Stream stream, bool answers, bool reads = true)
    {
        _stream = stream;
        _answers = answers;
        _reading = reads ? ReadAsync() : Task.CompletedTask;
    }

    /// <summary>Completes when the peer has closed or reset the connection.</summary>
    public Task Closed => _reading;

    /// <summary>Frames received so far.</summary>
    public IReadOnlyList<H2Frame> Frames
    {
        get
        {
            lock (_frames)
            {
                return [.. _frames];
            }
        }
    }

    /// <summary>How long a wait may take.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Begins a connection on a stream, which it owns: preface, SETTINGS, a connection window without end.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="window">Bytes that may come on each stream; without end unless said.</param>
    public static async Task<H2Client> StartAsync(Stream stream, int window = int.MaxValue)
    {
        var client = new H2Client(stream, answers: true);
        await client.SendAsync(
            [.. Preface, .. H2Frame.Settings((1, 0), (4, (uint)window)).ToBytes(), .. H2Frame.Number(H2FrameType.WindowUpdate, 0, int.MaxValue - 65_535).ToBytes()]);
        return client;
    }

    /// <summary>A connection on which nothing has been sent and nothing is answered.</summary>
    public static H2Client Silent(Stream stream) => new(stream, answers: false);

    /// <summary>A connection that has begun and of which nothing is read.</summary>
    public static H2Client Deaf(Stream stream)
    {
        var client = new H2Client(stream, answers: false, reads: false);
        stream.Write([.. Preface, .. H2Frame.Settings().ToBytes()]);
        return client;
    }

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        await _writing.WaitAsync();
        try
        {
            await _stream.WriteAsync(bytes);
            await _stream.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Sends frames in one write.</summary>
    public Task SendAsync(params H2Frame[] frames) => SendAsync([.. frames.SelectMany(f => f.ToBytes())]);

    /// <summary>The head of a request, with the pseudo-fields of a GET unless the fields begin with some of their own.</summary>
    public static (string, string)[] Head(params (string Name, string Value)[] fields) => fields.Length > 0 && fields[0].Name.StartsWith(':')
        ? fields
        : [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "example.com"), .. fields];

    /// <summary>Opens a stream with a request's head and returns its number.</summary>
    public async Task<int> OpenAsync(bool end, params (string Name, string Value)[] fields)
    {
        // Streams are sent in the order of their numbers (RFC 9113 §5.1.1).
        await _writing.WaitAsync();
        try
        {
            var stream = _nextStream;
            _nextStream += 2;
            lock (_frames)
            {
                _windows[stream] = _initialWindow;
            }

            await _stream.WriteAsync(HeadersFrame(stream, end, fields).ToBytes());
            await _stream.FlushAsync();
            return stream;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>A HEADERS frame with the whole block.</summary>
    public static H2Frame HeadersFrame(int stream, bool end, params (string Name, string Value)[] fields) =>
        new(H2FrameType.Headers, (byte)(H2Frame.EndHeaders | (end ? H2Frame.EndStream : 0)), stream, Hpack.Encode(Head(fields)));

    /// <summary>Sends a piece of a body, as the peer's windows allow; nothing of it once the peer said that it needs no more (RFC 9113 §8.1).</summary>
    /// <exception cref="IOException">The stream was reset, or the connection is gone.</exception>
    public async Task SendDataAsync(int stream, ReadOnlyMemory<byte> data, bool end)
    {
        do
        {
            if (ResetOf(stream) is { } reset)
            {
                if (reset.ErrorCode != 0)
                {
                    throw new IOException($"The stream was reset with {reset.ErrorCode}.");
                }

                return;
            }

            var open = await WaitForWindowAsync(stream, data.Length);
            if (open == 0 && !data.IsEmpty)
            {
                // Reset meanwhile: said above.
                continue;
            }

            var piece = data[..open];
            data = data[open..];
            await SendAsync(new H2Frame(H2FrameType.Data, end && data.IsEmpty ? H2Frame.EndStream : (byte)0, stream, piece.ToArray()));
        }
        while (!data.IsEmpty);
    }

    /// <summary>A request without a body and its response.</summary>
    public async Task<H2Response> RoundTripAsync(params (string Name, string Value)[] fields) =>
        await ReadResponseAsync(await OpenAsync(end: true, fields));

    /// <summary>Waits until a stream has ended or was reset.</summary>
    public async Task<H2Response> ReadResponseAsync(int stream)
    {
        await WaitForAsync(f => f.Stream == stream && (f.Ends || f.Type == H2FrameType.RstStream));
        var frames = Frames.Where(f => f.Stream == stream).ToList();
        var heads = frames.Where(f => f.Type == H2FrameType.Headers).Select(f => Hpack.Decode(f.Payload)).ToList();
        var interim = heads.Select(StatusOf).TakeWhile(status => status is > 0 and < 200).ToList();
        var final = heads.Skip(interim.Count).FirstOrDefault() ?? RawFields.Empty;
        return new H2Response(
            StatusOf(final),
            new RawFields([.. final.Where(f => f.Key != ":status")]),
            [.. frames.Where(f => f.Type == H2FrameType.Data).SelectMany(f => f.Payload)],
            heads.Skip(interim.Count + 1).FirstOrDefault() ?? RawFields.Empty,
            interim,
            frames.FirstOrDefault(f => f.Type == H2FrameType.RstStream)?.ErrorCode);
    }

    /// <summary>Waits for a frame, one that has come already included.</summary>
    public async Task<H2Frame> WaitForAsync(Predicate<H2Frame> which)
    {
        var until = DateTime.UtcNow + Deadline;
        while (true)
        {
            Task news;
            lock (_frames)
            {
                if (_frames.Find(which) is { } found)
                {
                    return found;
                }

                news = _news.Task;
            }

            if (_reading.IsCompleted && news == _news.Task)
            {
                throw new RawFormatException($"The connection ended. Received: {Describe()}");
            }

            try
            {
                await Task.WhenAny(news, _reading).WaitAsync(until - DateTime.UtcNow > TimeSpan.Zero ? until - DateTime.UtcNow : TimeSpan.Zero);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"No such frame within {Deadline.TotalSeconds:0.#} s. Received: {Describe()}");
            }
        }
    }

    /// <summary>Waits for the next frame of a stream, and of none, from a position in <see cref="Frames"/> on; null at the end.</summary>
    internal async Task<(H2Frame? Frame, int Next)> NextAsync(int stream, int from, CancellationToken cancel)
    {
        while (true)
        {
            Task news;
            lock (_frames)
            {
                for (; from < _frames.Count; from++)
                {
                    if (_frames[from].Stream == stream)
                    {
                        return (_frames[from], from + 1);
                    }
                }

                news = _news.Task;
            }

            if (_reading.IsCompleted && news == _news.Task)
            {
                return (null, from);
            }

            await Task.WhenAny(news, _reading).WaitAsync(cancel);
        }
    }

    /// <summary>Sends a frame, unless the connection is gone.</summary>
    internal async Task TrySendAsync(H2Frame frame)
    {
        try
        {
            await SendAsync(frame);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Whoever reads will see it.
        }
    }

    /// <summary>Ends the connection without waiting for anything.</summary>
    internal void Abort() => _stream.Dispose();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _reading;
        _writing.Dispose();
    }

    private H2Frame? ResetOf(int stream)
    {
        lock (_frames)
        {
            return _frames.Find(f => f.Stream == stream && f.Type == H2FrameType.RstStream);
        }
    }

    private static int StatusOf(RawFields head) => head[":status"] is { } status ? int.Parse(status) : 0;

    private async Task ReadAsync()
    {
        var head = new byte[9];
        try
        {
            while (true)
            {
                await _stream.ReadExactlyAsync(head);
                var payload = new byte[(head[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(1))];
                await _stream.ReadExactlyAsync(payload);
                var frame = new H2Frame((H2FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload);
                Take(frame);
                if (_answers && frame is { Type: H2FrameType.Settings or H2FrameType.Ping, Flags: 0 })
                {
                    await SendAsync(frame with { Flags = H2Frame.Ack, Payload = frame.Type == H2FrameType.Ping ? payload : [] });
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The end; what came before it counts.
        }
    }

    private void Take(H2Frame frame)
    {
        TaskCompletionSource news;
        lock (_frames)
        {
            _frames.Add(frame);
            switch (frame)
            {
                case { Type: H2FrameType.WindowUpdate, Stream: 0 }:
                    _connectionWindow += frame.ErrorCode;
                    break;

                case { Type: H2FrameType.WindowUpdate }:
                    _windows[frame.Stream] = _windows.GetValueOrDefault(frame.Stream, _initialWindow) + frame.ErrorCode;
                    break;

                case { Type: H2FrameType.Settings, Flags: 0 }:
                    TakeSettings(frame.Payload);
                    break;
            }

            (news, _news) = (_news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        news.SetResult();
    }

    private void TakeSettings(byte[] payload)
    {
        for (var i = 0; i + 6 <= payload.Length; i += 6)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(i)) == 4)
            {
                var window = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(i + 2));
                foreach (var stream in _windows.Keys)
                {
                    _windows[stream] += window - _initialWindow;
                }

                _initialWindow = window;
            }
        }
    }

    /// <summary>Takes as much of the windows as is wanted and there is, at most a frame; waits for some.</summary>
    private async Task<int> WaitForWindowAsync(int stream, int wanted)
    {
        while (wanted > 0)
        {
            Task news;
            lock (_frames)
            {
                var open = (int)Math.Min(Math.Min(_connectionWindow, _windows.GetValueOrDefault(stream, _initialWindow)), Math.Min(wanted, 16_384));
                if (open > 0)
                {
                    _connectionWindow -= open;
                    _windows[stream] = _windows.GetValueOrDefault(stream, _initialWindow) - open;
                    return open;
                }

                if (_frames.Exists(f => f.Stream == stream && f.Type == H2FrameType.RstStream))
                {
                    return 0;
                }

                news = _news.Task;
            }

            await Task.WhenAny(news, _reading).WaitAsync(Deadline);
            if (_reading.IsCompleted)
            {
                throw new IOException("The connection ended.");
            }
        }

        return 0;
    }

    private string Describe() => string.Join(", ", Frames.Select(f => $"{f.Type}({f.Stream}, {f.Flags:x}, {f.Payload.Length} bytes)"));
}
