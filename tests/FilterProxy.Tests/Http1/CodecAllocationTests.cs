using System.Buffers;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class CodecAllocationTests
{
    private static readonly byte[] Request = Wire.Bytes(
        "POST /api/items?page=2&size=50 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n"
        + "Accept-Encoding: gzip, br\r\nAccept-Language: en\r\nCookie: session=0123456789abcdef\r\nConnection: keep-alive, X-Hop\r\n"
        + "X-Hop: 1\r\nTE: gzip, trailers\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");

    private static readonly byte[] Response = Wire.Bytes(
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Sat, 17 Jan 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 5, 5\r\n"
        + "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nETag: \"x\"\r\nX-A: 1\r\nX-B:2\r\n\r\nhello");

    [Fact]
    public void A_warm_connection_reads_and_writes_messages_without_allocating()
    {
        var block = new HeadBlock();
        var request = new RequestHead(block);
        var response = new ResponseHead(block);
        var requests = new Http1RequestReader(request);
        var responses = new Http1ResponseReader(response);
        var decoder = new ChunkedDecoder();
        var output = new ArrayBufferWriter<byte>(8192);
        var requestBytes = new ReadOnlySequence<byte>(Request);
        var responseBytes = new ReadOnlySequence<byte>(Response);

        Exchange();
        Exchange();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Exchange();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Contains("X-Sum: 1", Wire.Text(output.WrittenSpan), StringComparison.Ordinal);

        void Exchange()
        {
            block.Reset();
            output.ResetWrittenCount();
            requests.Begin(HeadLimits.Default);
            var complete = requests.Read(requestBytes, out var consumed) == HeadStatus.Complete
                && !Http1Framing.ForRequest(request, out var framing).IsError
                && framing.Kind == BodyKind.Chunked
                && !Http1Framing.IsUpgradeRequest(request)
                && !Http1Framing.ExpectsContinue(request, out _);
            Assert.True(complete);
            HopByHop.RemoveFromRequest(request, keepUpgrade: false);
            Http1Writer.WriteRequestHead(output, request, "upstream:8080"u8, new MessageFraming(BodyKind.Chunked, 0, true));

            decoder.Begin(request.Trailers, 4096);
            var rest = requestBytes.Slice(consumed);
            ChunkedStatus status;
            while ((status = decoder.Read(rest, out var data, out consumed)) == ChunkedStatus.Data)
            {
                output.Advance(Http1Writer.WriteChunkHeader(output.GetSpan(Http1Writer.MaxChunkHeader), data.Length));
                rest = rest.Slice(consumed);
            }

            Assert.True(status == ChunkedStatus.End);
            Http1Writer.WriteTrailers(output, request.Trailers);

            responses.Begin(HeadLimits.Default);
            Assert.True(responses.Read(responseBytes, out _) == HeadStatus.Complete);
            Assert.False(Http1Framing.ForResponse(response, request.MethodKind, out framing).IsError);
            HopByHop.RemoveFromResponse(response, keepUpgrade: false);
            Http1Writer.WriteResponseHead(output, response, framing, ConnectionToken.KeepAlive);
        }
    }
}
