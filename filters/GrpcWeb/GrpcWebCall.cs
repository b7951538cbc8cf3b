using System.Buffers;
using System.Buffers.Text;

namespace FilterProxy.Filters.GrpcWeb;

/// <summary>One call of a gRPC-Web client: how it speaks, and what is left of a group of base64.</summary>
internal sealed class GrpcWebCall(bool isText, bool textBack)
{
    private const int Group = 4;
    private readonly byte[] _left = new byte[Group];
    private int _leftCount;

    /// <summary>Whether its request is base64.</summary>
    public bool IsText => isText;

    /// <summary>Whether its response is to be.</summary>
    public bool TextBack => textBack;

    /// <summary>Decodes the next piece. The pieces of a client may each be base64 of their own, padding included.</summary>
    public bool TryDecode(ReadOnlySequence<byte> data, bool end, IBufferWriter<byte> output)
    {
        foreach (var segment in data)
        {
            var text = segment.Span;
            while (_leftCount > 0 && !text.IsEmpty)
            {
                _left[_leftCount++] = text[0];
                text = text[1..];
                if (_leftCount == Group)
                {
                    _leftCount = 0;
                    if (!TryDecodeGroups(_left, output))
                    {
                        return false;
                    }
                }
            }

            var whole = text.Length / Group * Group;
            if (!TryDecodeGroups(text[..whole], output))
            {
                return false;
            }

            text[whole..].CopyTo(_left.AsSpan(_leftCount));
            _leftCount += text.Length - whole;
        }

        return !end || _leftCount == 0;
    }

    private static bool TryDecodeGroups(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        while (!text.IsEmpty)
        {
            // A run ends with the group that is padded; another may follow.
            var padding = text.IndexOf((byte)'=');
            var run = padding < 0 ? text : text[..((padding / Group * Group) + Group)];
            var span = output.GetSpan(Base64.GetMaxDecodedFromUtf8Length(run.Length));
            if (Base64.DecodeFromUtf8(run, span, out var consumed, out var written) != OperationStatus.Done || consumed != run.Length)
            {
                return false;
            }

            output.Advance(written);
            text = text[run.Length..];
        }

        return true;
    }
}
