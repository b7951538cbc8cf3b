using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Downstream;
using FilterProxy.TestKit;
using FilterProxy.Tests.Transport;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Downstream;

public sealed class TlsPipeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_is_the_end_whether_the_client_is_there_or_not(bool hasLeft)
    {
        using var pair = new SocketPair();
        await using var inner = new BreakableStream(new NetworkStream(pair.Near));
        var server = new SslStream(inner, leaveInnerStreamOpen: true);
        await using var client = new SslStream(new NetworkStream(pair.Far), leaveInnerStreamOpen: true, (_, _, _, _) => true);
        using var files = new TestCertificate("localhost");
        using var certificate = X509Certificate2.CreateFromPemFile(files.CertPath, files.KeyPath);
        await Task.WhenAll(server.AuthenticateAsServerAsync(certificate), client.AuthenticateAsClientAsync("localhost")).WaitAsync(TimeSpan.FromSeconds(10));
        var pipe = new TlsPipe(new DefaultConnectionContext(), server, TimeProvider.System);
        inner.IsBroken = hasLeft;

        await pipe.EndAsync();

        // What is disposed of writes no more.
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await server.WriteAsync(new byte[1]));
    }

    /// <summary>Fails, once broken, as a connection does that the client has reset.</summary>
    private sealed class BreakableStream(Stream stream) : Stream
    {
        public bool IsBroken { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => Checked().Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => Checked().FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => stream.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => Checked().Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => Checked().WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private Stream Checked() => IsBroken ? throw new ConnectionResetException("The connection was reset.") : stream;
    }
}
