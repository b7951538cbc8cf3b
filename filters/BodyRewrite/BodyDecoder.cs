using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>
/// Takes a content coding off one body (RFC 9110 §8.4.1) as it streams: each piece is given by <see cref="Feed"/> and read until nothing is left of it.
/// </summary>
internal abstract class BodyDecoder : IDisposable
{
    /// <summary>Whether a Content-Encoding names one coding that can be taken off.</summary>
    public static bool Knows(ReadOnlySpan<byte> coding) => IsGzip(coding) || IsDeflate(coding) || IsBrotli(coding);

    /// <param name="coding">One that <see cref="Knows"/> knows.</param>
    public static BodyDecoder Create(ReadOnlySpan<byte> coding) =>
        IsBrotli(coding) ? new Brotli() : new Inflate(IsGzip(coding));

    /// <summary>Whether a body may begin like this.</summary>
    public abstract bool Fits(ReadOnlySpan<byte> beginning);

    /// <summary>The next piece. Its bytes are used until <see cref="Read"/> gives 0.</summary>
    public abstract void Feed(ReadOnlyMemory<byte> piece);

    /// <summary>What the piece becomes, a buffer at a time; 0 when there is no more of it.</summary>
    /// <exception cref="InvalidDataException">It is no such coding.</exception>
    public abstract int Read(Span<byte> buffer);

    /// <summary>Whether the coding has ended, asked once after the last piece was read.</summary>
    /// <exception cref="InvalidDataException">It has not.</exception>
    public abstract bool HasEnded();

    public abstract void Dispose();

    private static bool IsGzip(ReadOnlySpan<byte> coding) => Ascii.EqualsIgnoreCase(coding, "gzip"u8) || Ascii.EqualsIgnoreCase(coding, "x-gzip"u8);

    private static bool IsDeflate(ReadOnlySpan<byte> coding) => Ascii.EqualsIgnoreCase(coding, "deflate"u8);

    private static bool IsBrotli(ReadOnlySpan<byte> coding) => Ascii.EqualsIgnoreCase(coding, "br"u8);

    private sealed class Brotli : BodyDecoder
    {
        // A mutable struct: neither readonly nor copied.
        private BrotliDecoder _decoder;
        private ReadOnlyMemory<byte> _piece;
        private bool _hasEnded;

        // Nothing marks its beginning: it is tried.
        public override bool Fits(ReadOnlySpan<byte> beginning)
        {
            using var trial = default(BrotliDecoder);
            Span<byte> output = stackalloc byte[1024];
            OperationStatus status;
            do
            {
                status = trial.Decompress(beginning, output, out var consumed, out _);
                beginning = beginning[consumed..];
            }
            while (status == OperationStatus.DestinationTooSmall);

            return status != OperationStatus.InvalidData;
        }

        public override void Feed(ReadOnlyMemory<byte> piece) => _piece = piece;

        public override int Read(Span<byte> buffer)
        {
            if (_hasEnded)
            {
                return 0;
            }

            var status = _decoder.Decompress(_piece.Span, buffer, out var consumed, out var written);
            _piece = _piece[consumed..];
            _hasEnded = status == OperationStatus.Done;
            return status != OperationStatus.InvalidData ? written : throw new InvalidDataException("It is no Brotli.");
        }

        public override bool HasEnded() => _hasEnded;

        public override void Dispose() => _decoder.Dispose();
    }

    private sealed class Inflate : BodyDecoder
    {
        private readonly Pieces _pieces = new();
        private readonly Stream _stream;
        private readonly bool _isGzip;

        public Inflate(bool isGzip) =>
            (_isGzip, _stream) = (isGzip, isGzip ? new GZipStream(_pieces, CompressionMode.Decompress) : new ZLibStream(_pieces, CompressionMode.Decompress));

        // RFC 1952 §2.3.1, RFC 1950 §2.2.
        public override bool Fits(ReadOnlySpan<byte> beginning) => _isGzip
            ? beginning is [0x1F] or [0x1F, 0x8B, ..]
            : (beginning[0] & 0xF) == 8 && (beginning.Length == 1 || ((beginning[0] << 8) | beginning[1]) % 31 == 0);

        public override void Feed(ReadOnlyMemory<byte> piece) => _pieces.Rest = piece;

        // The framework's streams take an empty read for a pause as well as for the end.
        public override int Read(Span<byte> buffer) => _stream.Read(buffer);

        // They do not say whether what came was all. One that has its end asks at most whether another member follows, and leaves the byte that is none
        // alone; one that lacks something takes it and asks again.
        public override bool HasEnded()
        {
            _pieces.Asked = 0;
            _pieces.Rest = new byte[1];
            Span<byte> nothing = stackalloc byte[64];
            return _stream.Read(nothing) == 0 && _pieces.Asked <= 1;
        }

        public override void Dispose() => _stream.Dispose();
    }

    /// <summary>A stream of what is there at the moment.</summary>
    private sealed class Pieces : Stream
    {
        public ReadOnlyMemory<byte> Rest { get; set; }

        public int Asked { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            Asked++;
            var count = Math.Min(buffer.Length, Rest.Length);
            Rest.Span[..count].CopyTo(buffer);
            Rest = Rest[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
