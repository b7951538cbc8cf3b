using System.Net;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class SourceTransportTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_was_dialled_has_a_loop_where_completions_are_inline(bool inline)
    {
        await using var listener = await new SourceTransport(new OneConnection(), inline).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var connection = await listener.AcceptAsync();

        Assert.Equal(inline && EpollLoop.Next() is not null, connection!.Features.Get<EventLoop>() is not null);
        Assert.Null(await listener.AcceptAsync());
    }

    private sealed class OneConnection : IConnectionSource
    {
        public async IAsyncEnumerable<ConnectionContext> AcceptAsync([EnumeratorCancellation] CancellationToken stop)
        {
            yield return new DefaultConnectionContext();
            await Task.CompletedTask;
        }
    }
}
