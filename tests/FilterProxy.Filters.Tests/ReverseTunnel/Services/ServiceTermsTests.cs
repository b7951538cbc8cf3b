using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>How services share places and bandwidth.</summary>
public sealed class ServiceTermsTests
{
    [Theory]
    [InlineData("db;type=tcp;port=5432;group=web;weight=3;up=1024;down=2048;visitor-up=1;visitor-down=9223372036854775807")]
    [InlineData("app;type=http;host=a.example;path=/a;weight=100")]
    [InlineData("app;type=http;host=a.example")]
    public void What_is_written_of_a_service_is_read_as_it_was(string text)
    {
        Assert.True(ServiceText.TryRead(text, out var service, out _));
        Assert.Equal(text, ServiceText.Write(service));
    }

    [Theory]
    [InlineData("weight=0")]
    [InlineData("weight=101")]
    [InlineData("weight=-1")]
    [InlineData("weight=2;weight=3")]
    [InlineData("group=")]
    [InlineData("group=a*")]
    [InlineData("group=a;group=b")]
    [InlineData("up=0")]
    [InlineData("up=1.5")]
    [InlineData("up=9223372036854775808")]
    [InlineData("down=1;down=1")]
    [InlineData("visitor-up=x")]
    [InlineData("visitor=1")]
    public void Terms_that_cannot_be_understood_are_none(string terms) => Assert.False(ServiceText.TryRead($"db;type=tcp;{terms}", out _, out _));

    [Theory]
    [InlineData(new[] { 1, 1 }, "0101")]
    [InlineData(new[] { 50, 50 }, "0101")]
    [InlineData(new[] { 3, 1 }, "0010")]
    [InlineData(new[] { 2, 1, 1 }, "0120")]
    [InlineData(new[] { 7 }, "0000")]
    public void Turns_are_taken_by_weight_and_spread(int[] weights, string expected)
    {
        var turns = Turns(weights);

        Assert.Equal(expected, string.Concat(Enumerable.Range(0, 4).Select(_ => turns.Next())));
    }

    [Fact]
    public void Many_members_of_odd_weights_all_have_turns_in_a_table_that_stays_small()
    {
        var turns = Turns([.. Enumerable.Range(0, 1000).Select(i => 1 + (i % 100))]);

        var taken = Enumerable.Range(0, 6000).Select(_ => turns.Next()).ToList();

        Assert.Equal(1000, taken.Distinct().Count());
        Assert.True(taken.Count(member => member == 99) > 4 * taken.Count(member => member == 0));
    }

    [Fact]
    public void Without_members_there_is_no_turn() => Assert.Equal((0, 0), (ServiceTurns.None.Next(), ServiceTurns.None.Members.Length));

    [Fact]
    public void All_clients_share_the_services_rate_and_those_of_an_address_the_visitors()
    {
        var clock = new FakeTimeProvider();
        var rates = new ServiceRates(new ServiceTerms { Download = 1000, VisitorDownload = 100, VisitorUpload = 50 }, clock);
        var (ada, bob) = (System.Net.IPAddress.Parse("192.0.2.1"), System.Net.IPAddress.Parse("192.0.2.2"));
        using var first = rates.Enter(ada);
        using var second = rates.Enter(ada);
        using var other = rates.Enter(bob);

        Assert.Equal((2, 1), (first.Download.Count, first.Upload.Count));
        Assert.Same(first.Download[1], other.Download[1]);
        Assert.Same(first.Download[0], second.Download[0]);
        Assert.NotSame(first.Download[0], other.Download[0]);
        Assert.Equal(TimeSpan.FromSeconds(1), first.Download[0].Take(100));
        Assert.Equal(TimeSpan.FromSeconds(2), second.Download[0].Take(100));
        Assert.Equal(TimeSpan.FromSeconds(1), other.Download[0].Take(100));
    }

    [Fact]
    public void A_client_that_leaves_twice_leaves_once()
    {
        var rates = new ServiceRates(new ServiceTerms { VisitorUpload = 50 }, new FakeTimeProvider());
        var first = rates.Enter(null);
        using var second = rates.Enter(null);
        first.Dispose();
        first.Dispose();

        using var third = rates.Enter(null);
        Assert.Same(second.Upload[0], third.Upload[0]);
    }

    private static ServiceTurns Turns(int[] weights) => new([.. weights.Select((weight, i) => (new ServiceMember(new AgentId("acme", $"n{i}"), "db"), weight))]);
}
