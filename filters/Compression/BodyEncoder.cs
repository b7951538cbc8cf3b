using System.Buffers;
using System.IO.Compression;

namespace FilterProxy.Filters.Compression;

/// <summary>Compresses one body, piece by piece.</summary>
internal abstract class BodyEncoder : IDisposable
{
    /// <summary>Makes one.</summary>
    public static BodyEncoder Create(ContentCoding coding, CompressionOptions options) =>
        coding == ContentCoding.Br ? new Brotli(options.BrotliQuality) : new Gzip(options.GzipLevel);

    /// <summary>Compresses bytes.</summary>
    public abstract void Write(ReadOnlySpan<byte> data, IBufferWriter<byte> output);

    /// <summary>Gives out what was held back, so that the client can read all there is.</summary>
    public abstract void Flush(IBufferWriter<byte> output);

    /// <summary>Ends the body.</summary>
    public abstract void End(IBufferWriter<byte> output);

    public abstract void Dispose();

    private sealed class Brotli(int quality) : BodyEncoder
    {
        // 2^19 bytes, as nginx's module: larger windows gain little on pages and cost memory on every connection.
        private const int Window = 19;
        private const int Room = 16 * 1024;

        // A mutable struct: neither readonly nor copied.
        private BrotliEncoder _encoder = new(quality, Window);

        public override void Write(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
        {
            while (!data.IsEmpty)
            {
                Check(_encoder.Compress(data, output.GetSpan(Room), out var consumed, out var written, isFinalBlock: false));
                output.Advance(written);
                data = data[consumed..];
            }
        }

        public override void Flush(IBufferWriter<byte> output)
        {
            OperationStatus status;
            do
            {
                status = _encoder.Flush(output.GetSpan(Room), out var written);
                output.Advance(written);
            }
            while (status == OperationStatus.DestinationTooSmall);

            Check(status);
        }

        public override void End(IBufferWriter<byte> output)
        {
            OperationStatus status;
            do
            {
                status = _encoder.Compress(default, output.GetSpan(Room), out _, out var written, isFinalBlock: true);
                output.Advance(written);
            }
            while (status == OperationStatus.DestinationTooSmall);

            Check(status);
        }

        public override void Dispose() => _encoder.Dispose();

        private static void Check(OperationStatus status)
        {
            if (status == OperationStatus.InvalidData)
            {
                throw new InvalidOperationException("The Brotli encoder failed.");
            }
        }
    }

    private sealed class Gzip : BodyEncoder
    {
        private readonly WriterStream _target = new();
        private readonly GZipStream _stream;

        public Gzip(int level) => _stream = new GZipStream(_target, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);

        public override void Write(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
        {
            _target.Output = output;
            _stream.Write(data);
        }

        public override void Flush(IBufferWriter<byte> output)
        {
            _target.Output = output;
            _stream.Flush();
        }

        public override void End(IBufferWriter<byte> output)
        {
            _target.Output = output;
            _stream.Dispose();
        }

        public override void Dispose()
        {
            // After a body that broke off the end has nowhere to go.
            _target.Output = null;
            _stream.Dispose();
        }
    }

    /// <summary>A stream into whatever buffer is there at the moment.</summary>
    private sealed class WriterStream : Stream
    {
        public IBufferWriter<byte>? Output { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Output?.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
