using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public sealed class PreparedFieldsTests
{
    private readonly HeadBlock _block = new();
    private readonly HeaderMap _map;

    public PreparedFieldsTests() => _map = new HeaderMap(_block);

    [Fact]
    public void Are_appended_behind_what_is_there_in_their_order()
    {
        _map.Append("host", "x");
        _map.Append(Make(("b", "1"), ("content-type", "t"), ("b", "2")));

        Assert.Equal("host=x b=1 content-type=t b=2", Dump(_map));
        Assert.True(_map.TryGet(KnownHeader.ContentType, out var type));
        Assert.Equal("t", Encoding.ASCII.GetString(type));
        Assert.Equal("1", _map["B"]);
    }

    [Fact]
    public void Can_be_edited_where_they_were_appended_and_stay_themselves()
    {
        var fields = Make(("a", "1"), ("age", "2"));
        _map.Append(fields);
        _map.Set("a", "3");
        _map.Remove(KnownHeader.Age);

        Assert.Equal("a=3", Dump(_map));
        Assert.Equal("a=1 age=2", Dump(fields));
    }

    [Fact]
    public void Keep_what_a_map_held_after_it_is_cleared()
    {
        _map.Append("etag", "\"x\"");
        var fields = PreparedFields.From(_map);
        _map.Clear();
        _block.Reset();

        Assert.Equal((1, "etag: \"x\"\r\n".Length), (fields.Count, fields.Size));
        Assert.True(fields.TryGet(KnownHeader.ETag, out var tag) && tag.SequenceEqual("\"x\""u8));
        Assert.False(fields.TryGet(KnownHeader.Age, out _));
    }

    [Fact]
    public void Fit_into_a_map_of_any_size()
    {
        for (var i = 0; i < 40; i++)
        {
            _map.Append(Make(("x", i.ToString())));
        }

        Assert.Equal(40, _map.Count);
    }

    [Fact]
    public void Are_appended_without_allocating()
    {
        var fields = Make(("a", "1"), ("content-type", "text/plain"), ("etag", "\"x\""));

        Assert.Equal(0, Allocations.Of(() =>
        {
            _map.Clear();
            _block.Reset();
            _map.Append(fields);
        }));
    }

    private static PreparedFields Make(params (string Name, string Value)[] fields) => PreparedFields.Build(fields, static (map, all) =>
    {
        foreach (var (name, value) in all)
        {
            map.Append(name, value);
        }
    });

    private static string Dump(HeaderMap map)
    {
        var text = new List<string>();
        foreach (var one in map)
        {
            text.Add($"{Encoding.ASCII.GetString(one.Name)}={Encoding.ASCII.GetString(one.Value)}");
        }

        return string.Join(' ', text);
    }

    private static string Dump(PreparedFields fields)
    {
        var text = new List<string>();
        foreach (var one in fields)
        {
            text.Add($"{Encoding.ASCII.GetString(one.Name)}={Encoding.ASCII.GetString(one.Value)}");
        }

        return string.Join(' ', text);
    }
}
