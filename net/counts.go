package net

import (
	"math/bits"

	"faultline/sim"
)

// counts has the number of messages so far on every directed link. Among a thousand
// nodes or less it is a table of all links. Among more, most links carry nothing,
// and most of the others one message: a bit for each link says whether it had its
// first, and a hash table has the further ones, until that would be as large as a
// table of all. So the counts of 10,000 nodes, whose links would take 160 MB, take
// 20 MB and little more. Without the bits every new link makes the hash table grow,
// which was half of a message's time; among more than 16,000 nodes the bits would be
// too many. Where to look depends on no other read, so that the misses of many
// messages overlap.
//
// The hash table grows page by page (extendible hashing: Fagin, Nievergelt, Pippenger
// and Strong, TODS 1979) and leaves no smaller one behind, for fresh memory is slow.
type counts struct {
	width  int             // log2 of the number of nodes that there is room for
	table  []uint8         // messages by sender and receiver, modulo 256; nil if pages has them
	wraps  []uint32        // how often a count in the table wrapped; nil if none did
	firsts []uint64        // a bit by sender and receiver: whether there was a message; nil if pages has the first ones too
	pages  []*page         // by the first bits of a link's name; several in a row may be the same; nil until needed
	depth  int             // how many bits
	made   int             // pages that are not the same
	many   map[link]uint64 // counts for which a slot has no room

	oldTable []uint8 // of an earlier run, for their memory
	oldWraps []uint32
}

// A page is a part of the hash table (linear probing).
type page struct {
	slots [pageSlots]uint32 // the last bits of a link's name, and its count; 0 if free
	depth uint32            // bits with which the names of all its links begin
}

const (
	tableWidth = 10               // up to which all links always have a table
	bitsWidth  = 14               // up to which all links may have a bit: 2 KB for each sender
	pageBytes  = 1 << 12          // of memory
	pageSlots  = pageBytes/4 - 1  // in that memory
	farthest   = 24               // slots from home; where one lies farther, its page is split: two thirds full or so
	countBits  = 8                // of a slot
	countMax   = 1<<countBits - 1 // the count in a slot that stands for one in many
)

// A link is a pair of nodes.
type link uint32

func linkOf(from, to sim.NodeID) link { return link(from)*maxSize + link(to) }

// ends returns the link's sender and receiver.
func (l link) ends() (from, to sim.NodeID) { return sim.NodeID(l / maxSize), sim.NodeID(l % maxSize) }

// A name is a link whose bits are scattered, so that links which are alike begin differently.
type name uint32

func (l link) name() name {
	x := uint32(l) * 0x9e3779b1
	return name((x ^ x>>16) * 0x85ebca6b)
}

// link is the inverse of name.
func (x name) link() link {
	y := uint32(x) * 0xa5cb9243
	return link((y ^ y>>16) * 0x0e8b2f51)
}

// last returns the bits of a name that a slot has room for. A page knows the others.
func (x name) last() uint32 { return uint32(x) << countBits }

// home returns where in its page the search for a name begins.
func (x name) home() int { return int(uint32(x) * 0x9e3779b1 >> 16 * pageSlots >> 16) }

// count counts a message on a link, and returns how-maniest it is.
//
// The low byte of a count is apart: among 1,000 nodes the million links' counts
// miss the cache at every message, and bytes halve the time of a message against
// words. Links busy enough to wrap are few there.
func (c *counts) count(from, to sim.NodeID) uint64 {
	if c.table == nil {
		return c.countUsed(linkOf(from, to))
	}
	i := int(from)<<(c.width&31) | int(to)
	c.table[i]++
	low := c.table[i]
	if low != 0 && c.wraps == nil {
		return uint64(low)
	}
	return c.countHigh(i)
}

// countHigh returns a count that was counted in a table of which one has wrapped.
func (c *counts) countHigh(i int) uint64 {
	c.wrap()
	if c.table[i] == 0 {
		c.wraps[i]++
	}
	return uint64(c.wraps[i])<<8 | uint64(c.table[i])
}

// countUsed counts a message where only links in use have a count.
func (c *counts) countUsed(l link) uint64 {
	if c.pages == nil { // the first message of all
		c.rebuild(c.width, c.width <= tableWidth)
		return c.count(l.ends())
	}
	if c.firsts != nil {
		if c.first(l) {
			return 1
		}
		return 1 + c.countFurther(l)
	}
	return c.countFurther(l)
}

// first counts a message if it is the link's first, as a bit.
func (c *counts) first(l link) bool {
	i := c.bit(l.ends())
	word, bit := &c.firsts[i/64], uint64(1)<<(i%64)
	had := *word & bit
	*word |= bit
	return had == 0
}

// bit returns the index of a link's bit in firsts.
func (c *counts) bit(from, to sim.NodeID) uint { return uint(from)<<(c.width&31) | uint(to) }

// countFurther counts a message in the pages, and returns how-maniest it is there.
func (c *counts) countFurther(l link) uint64 {
	x := l.name()
	s, far := c.slot(x)
	if *s&countMax >= countMax-1 {
		return c.countMany(l, s)
	}
	*s++
	n := uint64(*s & countMax)
	if far && n == 1 {
		c.makeRoom(x)
	}
	return n
}

// countMany counts a message for which the slot of its link has no room.
func (c *counts) countMany(l link, s *uint32) uint64 {
	if *s&countMax < countMax {
		*s |= countMax
		c.keep(l, countMax-1)
	}
	c.many[l]++
	return c.many[l]
}

// glance reads what the counts of some messages will need, one soon after the other.
func (c *counts) glance(parcels []sim.Parcel) (sum uint64) {
	if c.table != nil {
		for i := range parcels {
			sum += uint64(c.table[int(parcels[i].From)<<(c.width&31)|int(parcels[i].To)])
		}
	} else if c.pages != nil {
		for i := range parcels {
			sum += c.glanceUsed(parcels[i].From, parcels[i].To)
		}
	}
	return sum
}

func (c *counts) glanceUsed(from, to sim.NodeID) uint64 {
	if c.firsts != nil {
		if i := c.bit(from, to); c.firsts[i/64]>>(i%64)&1 == 0 {
			return 0
		}
	}
	x := linkOf(from, to).name()
	if p := c.pages[c.index(x)]; p != nil {
		return uint64(p.slots[x.home()])
	}
	return 0
}

// index returns the place in pages of the page for a name.
func (c *counts) index(x name) uint32 { return uint32(x) >> ((32 - c.depth) & 31) }

// slot returns the slot of a link, which has count 0 if it is new, and whether it is far from home.
func (c *counts) slot(x name) (s *uint32, far bool) {
	p := c.pages[c.index(x)]
	if p == nil {
		p = &page{depth: uint32(c.depth)}
		c.pages[c.index(x)] = p
		c.made++
	}
	return p.slot(x)
}

func (p *page) slot(x name) (s *uint32, far bool) {
	home := x.home()
	for i := home; ; i++ {
		if i == pageSlots {
			i, home = 0, home-pageSlots
		}
		s = &p.slots[i]
		if *s == 0 {
			*s = x.last()
		}
		if *s&^countMax == x.last() {
			return s, i-home > farthest
		}
	}
}

// makeRoom makes room for more links, where there is a new one that is far from home.
func (c *counts) makeRoom(x name) {
	if (c.made+1)*pageBytes > 1<<(2*c.width) {
		c.rebuild(c.width, true)
		return
	}
	p := c.pages[c.index(x)]
	if int(p.depth) == c.depth {
		c.deepen()
	}
	c.split(p, x)
}

// deepen looks at one more bit of the names.
func (c *counts) deepen() {
	deeper := make([]*page, 2*len(c.pages))
	for i := range deeper {
		deeper[i] = c.pages[i/2]
	}
	c.pages = deeper
	c.depth++
}

// split moves half of the links of a page, among them perhaps x, to a new one.
func (c *counts) split(p *page, x name) {
	old := *p
	*p = page{depth: old.depth + 1}
	q := &page{depth: old.depth + 1}
	c.made++
	half := uint32(1) << (c.depth - int(p.depth)) // of the entries of pages that are p
	from := c.index(x)&^(2*half-1) + half
	for i := range half {
		c.pages[from+i] = q
	}
	halves := [2]*page{p, q}
	old.each(x, func(x name, n uint32) {
		s, _ := halves[x>>((32-p.depth)&31)%2].slot(x)
		*s |= n
	})
}

// each calls f with the names and counts of a page, of which x could be one.
func (p *page) each(x name, f func(x name, n uint32)) {
	first := x &^ (1<<(32-countBits) - 1)
	for _, s := range p.slots {
		if s != 0 {
			f(first|name(s>>countBits), s&countMax)
		}
	}
}

// each calls f with the links that are in use and their counts; perhaps first with a
// count of 1 if it is more.
func (c *counts) each(f func(l link, n uint64)) {
	for i, low := range c.table {
		n := uint64(low)
		if c.wraps != nil {
			n |= uint64(c.wraps[i]) << 8
		}
		if n > 0 {
			f(linkOf(sim.NodeID(i>>c.width), sim.NodeID(i%(1<<c.width))), n)
		}
	}
	known := uint64(0) // messages of a link in the pages that the pages have not counted
	if c.firsts != nil {
		known = 1
	}
	for i, word := range c.firsts {
		for ; word != 0; word &= word - 1 {
			bit := 64*i + bits.TrailingZeros64(word)
			f(linkOf(sim.NodeID(bit>>c.width), sim.NodeID(bit%(1<<c.width))), 1)
		}
	}
	for i, p := range c.pages {
		if p == nil || i > 0 && p == c.pages[i-1] {
			continue
		}
		p.each(name(i)<<(32-c.depth), func(x name, n uint32) {
			l := x.link()
			if n == countMax {
				f(l, known+c.many[l])
			} else {
				f(l, known+uint64(n))
			}
		})
	}
}

// grow makes room for 2^width nodes.
func (c *counts) grow(width int) {
	if c.table == nil && c.firsts == nil {
		c.width = width
	} else {
		c.rebuild(width, width <= tableWidth)
	}
}

// rebuild makes room for 2^width nodes, in a table of all links or without one.
func (c *counts) rebuild(width int, all bool) {
	old := *c
	*c = counts{width: width, oldTable: old.oldTable, oldWraps: old.oldWraps}
	if all {
		c.table = blank(&c.oldTable, 1<<(2*width))
	} else {
		c.depth = countBits
		c.pages = make([]*page, 1<<c.depth)
		if width <= bitsWidth {
			c.firsts = make([]uint64, 1<<(2*width)/64)
		}
	}
	old.each(c.set)
}

// set sets the count of a link.
func (c *counts) set(l link, n uint64) {
	if c.table != nil {
		from, to := l.ends()
		i := int(from)<<c.width | int(to)
		c.table[i] = uint8(n)
		if n > 0xff {
			c.wrap()
			c.wraps[i] = uint32(n >> 8)
		}
		return
	}
	if c.firsts != nil {
		c.first(l)
		n--
	}
	if n > 0 {
		c.setFurther(l, n)
	}
}

// setFurther sets the count of a link in the pages.
func (c *counts) setFurther(l link, n uint64) {
	s, far := c.slot(l.name())
	*s = *s&^countMax | uint32(min(n, countMax))
	if n >= countMax {
		c.keep(l, n)
	}
	if far {
		c.makeRoom(l.name())
	}
}

// keep keeps a count for which there is no room in a slot.
func (c *counts) keep(l link, n uint64) {
	if c.many == nil {
		c.many = map[link]uint64{}
	}
	c.many[l] = n
}

// wrap makes room for how often counts in the table wrapped.
func (c *counts) wrap() {
	if c.wraps == nil {
		c.wraps = blank(&c.oldWraps, len(c.table))
	}
}

// reset makes c as good as new, but for the memory of its tables.
func (c *counts) reset() {
	if c.table == nil {
		c.table = c.oldTable
	}
	if c.wraps == nil {
		c.wraps = c.oldWraps
	}
	*c = counts{oldTable: c.table, oldWraps: c.wraps}
}

// blank returns n zeros, in the old memory if that is enough, which it takes away.
func blank[T any](old *[]T, n int) []T {
	if cap(*old) < n {
		return make([]T, n)
	}
	blank := (*old)[:n]
	*old = nil
	clear(blank)
	return blank
}
