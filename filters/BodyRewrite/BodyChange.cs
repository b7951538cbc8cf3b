using System.Buffers;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>The change of one body: its coding, if it has one, is taken off, and texts are replaced. Holds a buffer and what may begin a match, no more.</summary>
internal sealed class BodyChange(Substitution substitution, BodyDecoder? coding, int maxRatio) : IDisposable
{
    private const int BufferSize = 16 * 1024;

    // So much may come of any body: a short one can become hundreds of times longer and be no bomb.
    private const long Harmless = 1024 * 1024;

    private long _received;
    private long _decoded;

    private BodyDecoder? _decoder = coding;

    /// <summary>Whether the body may be another than the one whose coding is known: then what it begins with decides.</summary>
    public bool MayBeAnother { get; set; }

    /// <param name="data">The next piece.</param>
    /// <param name="end">Whether it is the last.</param>
    /// <param name="output">Where what is decided goes.</param>
    /// <returns>Why it cannot go on.</returns>
    public BodyProblem Write(ReadOnlySequence<byte> data, bool end, IBufferWriter<byte> output)
    {
        if (MayBeAnother && _decoder is { } meant && !data.FirstSpan.IsEmpty)
        {
            MayBeAnother = false;
            if (!meant.Fits(data.FirstSpan))
            {
                _decoder = null;
                meant.Dispose();
            }
        }

        if (_decoder is not { } decoder)
        {
            substitution.Write(data, end, output);
            return BodyProblem.None;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            foreach (var piece in data)
            {
                _received += piece.Length;
                decoder.Feed(piece);
                for (var read = decoder.Read(buffer); read > 0; read = decoder.Read(buffer))
                {
                    _decoded += read;
                    if (_decoded > Harmless && _decoded / maxRatio > _received)
                    {
                        return BodyProblem.TooLarge;
                    }

                    substitution.Write(new ReadOnlySequence<byte>(buffer, 0, read), end: false, output);
                }
            }

            if (!end)
            {
                return BodyProblem.None;
            }

            // No byte at all is a body without anything to decode.
            if (_received > 0 && !decoder.HasEnded())
            {
                return BodyProblem.Malformed;
            }

            substitution.Write(ReadOnlySequence<byte>.Empty, end: true, output);
            return BodyProblem.None;
        }
        catch (InvalidDataException)
        {
            return BodyProblem.Malformed;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _decoder?.Dispose();
}
