using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

/// <summary>
/// The request fixtures of llhttp, where the checkout has them beside it (<c>../shared/conformance/data/llhttp.json</c>): what a
/// strict parser refuses is refused from the bytes alone, what it accepts is read.
/// </summary>
public sealed partial class LlhttpVectorTests
{
    [VectorFact]
    public void Judges_every_vector_as_a_strict_parser_does()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(VectorFactAttribute.Path!));
        var judged = 0;
        var wrong = new List<string>();
        foreach (var vector in document.RootElement.EnumerateArray())
        {
            var raw = vector.GetProperty("raw_b64").GetBytesFromBase64();
            var reject = vector.GetProperty("expect").GetString() == "reject";
            if (!reject && !MustBeAccepted(vector, Wire.Text(raw)))
            {
                continue;
            }

            judged++;
            if (Wire.Everywhere(raw, (bytes, cuts) => IsRefused(bytes, cuts).ToString()) != reject.ToString())
            {
                wrong.Add($"{vector.GetProperty("id")} {vector.GetProperty("title")}");
            }
        }

        Assert.Equal([], wrong);
        Assert.Equal(64, judged);
    }

    // Others pause for an upgrade, are cut short, or lack a Host, which llhttp does not ask for.
    private static bool MustBeAccepted(JsonElement vector, string raw) =>
        vector.GetProperty("expect").GetString() == "accept"
        && vector.GetProperty("complete").GetBoolean()
        && raw.Split("\r\n")[0].Contains("HTTP/", StringComparison.Ordinal)
        && (!RequestLine().IsMatch(raw) || HostField().IsMatch(raw));

    // Requests one after the other, as a connection would read them, until one is refused, ends it, or the bytes end.
    private static bool IsRefused(byte[] raw, int[] cuts)
    {
        var head = new RequestHead(new HeadBlock());
        var reader = new Http1RequestReader(head);
        var decoder = new ChunkedDecoder();
        var framing = default(MessageFraming);
        var left = 0L;
        var inHead = true;
        reader.Begin(HeadLimits.Default);
        foreach (var part in Wire.Parts(raw, cuts))
        {
            var rest = new ReadOnlySequence<byte>(part);
            while (!rest.IsEmpty)
            {
                if (!inHead && framing.Kind == BodyKind.Length && left > 0)
                {
                    var length = Math.Min(left, rest.Length);
                    left -= length;
                    rest = rest.Slice(length);
                    continue;
                }

                if (!inHead && framing.Kind == BodyKind.Chunked)
                {
                    var chunk = decoder.Read(rest, out _, out var used);
                    rest = rest.Slice(used);
                    framing = chunk == ChunkedStatus.End ? framing with { Kind = BodyKind.None } : framing;
                    if (chunk == ChunkedStatus.Failed)
                    {
                        return true;
                    }

                    continue;
                }

                if (!inHead)
                {
                    if (!framing.KeepAlive)
                    {
                        return false;
                    }

                    head.Block.Reset();
                    reader.Begin(HeadLimits.Default);
                    inHead = true;
                }

                var status = reader.Read(rest, out var consumed);
                rest = rest.Slice(consumed);
                if (status == HeadStatus.Failed)
                {
                    return true;
                }

                if (status == HeadStatus.Complete)
                {
                    if (Http1Framing.ForRequest(head, out framing).IsError)
                    {
                        return true;
                    }

                    inHead = false;
                    left = framing.Length;
                    decoder.Begin(head.Trailers, 8192);
                }
            }
        }

        return false;
    }

    [GeneratedRegex(@"^[A-Z-]+ \S+ HTTP/1\.1\r\n", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"\r\nhost:", RegexOptions.IgnoreCase)]
    private static partial Regex HostField();
}
