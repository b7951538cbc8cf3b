using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.AccessLog;
using Xunit;

namespace FilterProxy.Filters.Tests.AccessLog;

public sealed class SyslogTargetTests
{
    // <local7.info>1 time host app process-id message-id structured-data
    private const string Head = @"<190>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ filterproxy \d+ access - ";

    [Fact]
    public void Over_UDP_each_line_is_a_datagram()
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var target = Target($"udp://127.0.0.1:{((IPEndPoint)receiver.LocalEndPoint!).Port}");

        target.Write("one\ntwo\n"u8);

        Assert.Matches($"^{Head}one$", Receive(receiver));
        Assert.Matches($"^{Head}two$", Receive(receiver));
    }

    [Fact]
    public void Over_a_unix_socket_each_line_is_a_datagram()
    {
        var folder = Directory.CreateTempSubdirectory("syslog-");
        using var receiver = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        receiver.Bind(new UnixDomainSocketEndPoint($"{folder.FullName}/log"));
        using var target = Target($"unix:{folder.FullName}/log");

        target.Write("one\n"u8);

        Assert.Matches($"^{Head}one$", Receive(receiver));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Over_TCP_each_line_has_its_length_before_it_and_a_new_connection_is_made_when_one_is_gone()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var target = Target($"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        target.Write("one\ntwo\n"u8);
        using (var first = await listener.AcceptTcpClientAsync())
        {
            var text = await ReadAsync(first, "two");
            Assert.Matches($@"^(\d+) {Head}one\d+ {Head}two$", text);
            var length = int.Parse(text[..text.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
            Assert.EndsWith("one", text.Substring(text.IndexOf(' ', StringComparison.Ordinal) + 1, length), StringComparison.Ordinal);
            first.Client.LingerState = new LingerOption(true, 0);
        }

        Assert.ThrowsAny<IOException>(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                target.Write("lost\n"u8);
            }
        });
        target.Write("three\n"u8);
        using var second = await listener.AcceptTcpClientAsync();
        Assert.Matches($@"{Head}three$", await ReadAsync(second, "three"));
    }

    [Fact]
    public void A_receiver_that_is_not_there_is_an_error_that_names_it()
    {
        using var dead = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        dead.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = $"tcp://127.0.0.1:{((IPEndPoint)dead.LocalEndPoint!).Port}";
        using var target = Target(address);

        Assert.Contains(address, Assert.Throws<IOException>(() => target.Write("x\n"u8)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:514")]
    [InlineData("udp://127.0.0.1")]
    [InlineData("http://127.0.0.1:514")]
    [InlineData("unix:log")]
    [InlineData("tcp://host:601/path")]
    public void What_is_no_address_is_refused(string address) => Assert.False(SyslogAddress.TryParse(address, out _, out _));

    private static SyslogTarget Target(string address) => new(new SyslogOptions { Address = address }, TimeProvider.System);

    private static string Receive(Socket socket)
    {
        var buffer = new byte[16 * 1024];
        return Encoding.UTF8.GetString(buffer.AsSpan(0, socket.Receive(buffer)));
    }

    private static async Task<string> ReadAsync(TcpClient client, string end)
    {
        var text = "";
        var buffer = new byte[4096];
        while (!text.EndsWith(end, StringComparison.Ordinal))
        {
            var read = await client.GetStream().ReadAsync(buffer);
            Assert.NotEqual(0, read);
            text += Encoding.UTF8.GetString(buffer, 0, read);
        }

        return text;
    }
}
