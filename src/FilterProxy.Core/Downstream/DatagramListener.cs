using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Downstream;

/// <summary>A bound UDP socket and the service that has it now.</summary>
internal sealed class DatagramListener : IAsyncDisposable
{
    // A service that does not heed its token is left alone with a closed socket.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Socket _socket;
    private readonly ProxyServices _services;
    private CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;
    private IDatagramService? _service;

    private DatagramListener(Socket socket, DatagramPlan plan, ProxyServices services)
    {
        (_socket, Plan, _services) = (socket, plan, services);
        Address = (IPEndPoint)socket.LocalEndPoint!;
    }

    public DatagramPlan Plan { get; private set; }

    /// <summary>What it is bound to: the port is the real one where 0 was asked for.</summary>
    public IPEndPoint Address { get; }

    /// <exception cref="SocketException">The address is taken or may not be used.</exception>
    public static DatagramListener Bind(DatagramPlan plan, ProxyServices services)
    {
        var socket = new Socket(plan.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (plan.Address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(plan.Address);
            return new DatagramListener(socket, plan, services);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Gives the socket to a plan's service; the one that has it already goes on undisturbed.</summary>
    public async Task ServeAsync(DatagramPlan plan)
    {
        Plan = plan;
        if (ReferenceEquals(_service, plan.Service))
        {
            return;
        }

        await EndServiceAsync();
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        _service = plan.Service;
        _serving = RunAsync(plan, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await EndServiceAsync();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(DatagramPlan plan, CancellationToken stop)
    {
        await Hop.OffLoop();
        try
        {
            await plan.Service.ServeAsync(_socket, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            _services.Filters.Failed(plan.Name, "datagrams");
            _services.Log.DatagramServiceFailed(e, plan.Name);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was asked to.
        }
    }

    private async Task EndServiceAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _serving.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _services.Log.DatagramServiceStuck(Plan.Name);
        }
    }
}
