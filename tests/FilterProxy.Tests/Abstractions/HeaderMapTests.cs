using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public class HeaderMapTests
{
    private readonly HeadBlock _block = new();
    private readonly HeaderMap _map;

    public HeaderMapTests() => _map = new HeaderMap(_block);

    [Fact]
    public void Finds_known_and_unknown_names_in_any_case()
    {
        _map.Append("Content-Type", "text/plain");
        _map.Append("X-Custom", "1");
        Assert.True(_map.TryGet(KnownHeader.ContentType, out var known));
        Assert.Equal("text/plain", Encoding.ASCII.GetString(known));
        Assert.Equal("text/plain", _map["cONTENT-tYPE"]);
        Assert.Equal("1", _map["x-custom"]);
        Assert.True(_map.Contains(KnownHeader.ContentType));
        Assert.True(_map.Contains("x-CUSTOM"u8));
        Assert.Null(_map["x-custo"]);
    }

    [Fact]
    public void Keeps_the_order_in_which_fields_were_added()
    {
        _map.Append("b", "1");
        _map.Append("host", "x");
        _map.Append("a", "2");
        _map.Append("b", "3");
        Assert.Equal("b=1 host=x a=2 b=3", Dump(_map));
    }

    [Theory]
    [InlineData("x-a")]
    [InlineData("accept")]
    public void Setting_replaces_all_values_in_the_place_of_the_first(string name)
    {
        _map.Append("first", "1");
        _map.Append(name, "1");
        _map.Append("between", "1");
        _map.Append(name.ToUpperInvariant(), "2");
        _map.Append("last", "1");
        _map.Set(name, "new");
        Assert.Equal($"first=1 {name}=new between=1 last=1", Dump(_map));
    }

    [Fact]
    public void Setting_a_field_that_is_not_there_appends_it()
    {
        _map.Append("a", "1");
        _map.Set(KnownHeader.ETag, "\"x\""u8);
        Assert.Equal("a=1 ETag=\"x\"", Dump(_map));
        Assert.True(_map.Contains(KnownHeader.ETag));
    }

    [Fact]
    public void Setting_an_unknown_name_leaves_others_of_its_length()
    {
        _map.Append("x-ab", "1");
        _map.Append("x-ac", "2");
        _map.Set("x-ab", "3");
        Assert.Equal("x-ab=3 x-ac=2", Dump(_map));
    }

    [Theory]
    [InlineData("x-a")]
    [InlineData("vary")]
    public void Removing_takes_every_line_and_says_whether_there_was_one(string name)
    {
        _map.Append(name, "1");
        _map.Append("other", "1");
        _map.Append(name.ToUpperInvariant(), "2");
        Assert.True(_map.Remove(name));
        Assert.Equal("other=1", Dump(_map));
        Assert.False(_map.Contains(Encoding.ASCII.GetBytes(name)));
        Assert.False(_map.Remove(name));
    }

    [Fact]
    public void A_removed_known_field_can_come_back()
    {
        _map.Set(KnownHeader.Server, "a"u8);
        _map.Remove(KnownHeader.Server);
        _map.Set(KnownHeader.Server, "b"u8);
        Assert.Equal("b", _map["server"]);
        Assert.Equal(1, _map.Count);
    }

    [Theory]
    [InlineData("x-a")]
    [InlineData("set-cookie")]
    public void Values_walks_all_values_of_a_field_only(string name)
    {
        _map.Append(name, "1");
        _map.Append("x-b", "no");
        _map.Append(name, "2");
        var values = new List<string>();
        foreach (var value in _map.Values(Encoding.ASCII.GetBytes(name)))
        {
            values.Add(Encoding.ASCII.GetString(value));
        }

        Assert.Equal(["1", "2"], values);
    }

    [Fact]
    public void Setting_null_by_the_indexer_removes()
    {
        _map["a"] = "1";
        _map["a"] = null;
        Assert.Equal(0, _map.Count);
    }

    [Fact]
    public void Values_lose_the_white_space_around_them()
    {
        _map.Set("a", " \t x y \t");
        Assert.Equal("x y", _map["a"]);
    }

    [Theory]
    [InlineData("a\r\nb: c")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    [InlineData("a\u0001b")]
    [InlineData("a\u007fb")]
    public void A_value_with_a_control_byte_is_refused_and_changes_nothing(string value)
    {
        _map.Set("a", "1");
        Assert.Throws<ArgumentException>(() => _map.Set("a", value));
        Assert.Throws<ArgumentException>(() => _map.Append("a", value));
        Assert.Throws<ArgumentException>(() => _map.Append(KnownHeader.Accept, Encoding.Latin1.GetBytes(value)));
        Assert.Equal("a=1", Dump(_map));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a:")]
    [InlineData("a\r\n")]
    [InlineData("a\0")]
    [InlineData("\u00e9")]
    public void A_name_that_is_no_token_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => _map.Set(name, "x"));
        Assert.Throws<ArgumentException>(() => _map.Append(name, "x"));
        Assert.Equal(0, _map.Count);
    }

    [Fact]
    public void Text_beyond_Latin1_is_refused_rather_than_mangled()
    {
        Assert.Throws<ArgumentException>(() => _map.Set("a", "\u20ac"));
        _map.Set("a", "\u00fc");
        Assert.Equal("\u00fc", _map["a"]);
    }

    [Fact]
    public void Edits_of_an_overlay_do_not_show_on_the_original_nor_the_other_way()
    {
        _map.Set("host", "a");
        _map.Set("x", "1");
        var overlay = new HeaderMap(_block);
        overlay.CopyFrom(_map);
        overlay.Set("x", "2");
        overlay.Remove(KnownHeader.Host);
        _map.Append("y", "3");
        Assert.Equal("Host=a x=1 y=3", Dump(_map).Replace("host", "Host"));
        Assert.Equal("x=2", Dump(overlay));
    }

    [Fact]
    public void An_overlay_holds_more_fields_than_a_map_begins_with()
    {
        for (var i = 0; i < 100; i++)
        {
            _map.Append($"x-{i}", "v");
        }

        var overlay = new HeaderMap(_block);
        overlay.CopyFrom(_map);
        Assert.Equal(Dump(_map), Dump(overlay));
    }

    [Fact]
    public void Spans_stay_valid_while_the_block_grows()
    {
        _map.Set("keep", "value");
        Assert.True(_map.TryGet("keep"u8, out var before));
        for (var i = 0; i < 500; i++)
        {
            _map.Append($"x-{i}", new string('v', 100));
        }

        Assert.Equal("value", Encoding.ASCII.GetString(before));
        Assert.Equal("value", _map["keep"]);
        Assert.Equal(new string('v', 100), _map["x-250"]);
    }

    [Fact]
    public void A_value_of_the_map_can_be_set_under_another_name_while_the_block_grows()
    {
        _map.Set("from", new string('v', 1500));
        Assert.True(_map.TryGet("from"u8, out var value));
        _map.Set("to"u8, value);
        Assert.Equal(new string('v', 1500), _map["to"]);
    }

    [Fact]
    public void Written_fields_are_whole_lines()
    {
        _map.Set("a", "1");
        Assert.True(_map.Entries[0].IsLine);
        Assert.Equal("a: 1\r\n", Encoding.ASCII.GetString(_block.Slice(_map.Entries[0].NameStart, 6)));
        Assert.Equal(_map.Entries[0].NameStart + 6, _map.Entries[0].LineEnd);
    }

    [Fact]
    public void Clearing_forgets_everything()
    {
        _map.Set(KnownHeader.Host, "a"u8);
        _map.Set("x", "1");
        _map.Clear();
        Assert.Equal(0, _map.Count);
        Assert.False(_map.Contains(KnownHeader.Host));
        Assert.Null(_map["x"]);
    }

    [Fact]
    public void Reading_and_editing_bytes_allocates_nothing()
    {
        var found = 0;
        void Round()
        {
            _block.Reset();
            _map.Clear();
            _map.Append(KnownHeader.Host, "example.com"u8);
            _map.Append("x-custom"u8, "1"u8);
            _map.Set("x-custom"u8, "2"u8);
            _map.Set("x-text", "text");
            _map.Remove("x-other"u8);
            found += _map.TryGet("x-custom"u8, out _) ? 1 : 0;
            found += _map.TryGet(KnownHeader.Host, out _) ? 1 : 0;
            foreach (var field in _map)
            {
                found += field.Value.Length;
            }

            foreach (var value in _map.Values("x-custom"u8))
            {
                found += value.Length;
            }
        }

        Assert.Equal(0, Allocations.Of(Round));
        Assert.True(found > 0);
    }

    /// <summary>Compares every operation with a plain list.</summary>
    [Fact]
    public void Behaves_like_a_list_of_fields()
    {
        const int seed = 20260117;
        var random = new Random(seed);
        string[] names = ["host", "Host", "x-a", "X-A", "x-b", "accept", "vary", "VARY", "x-long-name", "te"];
        var model = new List<(string Name, string Value)>();
        for (var i = 0; i < 20_000; i++)
        {
            var name = names[random.Next(names.Length)];
            var value = new string((char)('a' + random.Next(26)), random.Next(40));
            switch (random.Next(8))
            {
                case < 3 when model.Count < 60:
                    _map.Append(name, value);
                    model.Add((name, value));
                    break;
                case < 6:
                    _map.Set(name, value);
                    var first = model.FindIndex(f => Same(f.Name, name));
                    if (first < 0)
                    {
                        model.Add((name, value));
                        break;
                    }

                    model[first] = (name, value);
                    for (var j = model.Count - 1; j > first; j--)
                    {
                        if (Same(model[j].Name, name))
                        {
                            model.RemoveAt(j);
                        }
                    }

                    break;
                default:
                    Assert.True(_map.Remove(name) == model.RemoveAll(f => Same(f.Name, name)) > 0, $"seed {seed}, step {i}");
                    break;
            }

            var expected = string.Join(' ', model.Select(f => $"{f.Name}={f.Value}"));
            Assert.True(expected == Dump(_map), $"seed {seed}, step {i}: {expected} != {Dump(_map)}");
            Assert.True(_map.Contains(Encoding.ASCII.GetBytes(name)) == model.Exists(f => Same(f.Name, name)), $"seed {seed}, step {i}");
        }
    }

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private static string Dump(HeaderMap map)
    {
        var fields = new List<string>();
        foreach (var field in map)
        {
            fields.Add($"{Encoding.Latin1.GetString(field.Name)}={Encoding.Latin1.GetString(field.Value)}");
        }

        return string.Join(' ', fields);
    }
}
