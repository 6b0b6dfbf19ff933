// One program, connected with itself over InfiniBand verbs, checks one thing each:
//   rdma_calls timestamps|clock|established|reregister|window|multicast|queries
//   rdma_calls churn SECONDS     makes and ends queue pairs and regions as fast as it can
//   rdma_calls latency COUNT     writes 8 bytes COUNT times; prints the median in nanoseconds
#include "check.h"
#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

enum { AREA = 1 << 16, KEY = 0x1234567, GRH = 40 };

static struct ibv_context *device;
static struct ibv_pd *domain;
static struct ibv_cq *cq;
static struct ibv_port_attr port;

static uint8_t *newArea(void) {
    uint8_t *area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED);
    return area;
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static struct ibv_qp *newPair(enum ibv_qp_type type, struct ibv_cq *completions) {
    struct ibv_qp_init_attr wanted = {.send_cq = completions, .recv_cq = completions, .qp_type = type, .cap = {.max_send_wr = 64, .max_recv_wr = 16, .max_send_sge = 2, .max_recv_sge = 2}};
    struct ibv_qp *pair = ibv_create_qp(domain, &wanted);
    CHECK(pair);
    struct ibv_qp_attr attributes = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = KEY, .qp_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ};
    CHECK(ibv_modify_qp(pair, &attributes, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | (type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS)) == 0);
    return pair;
}

static void toReceive(struct ibv_qp *pair, uint32_t peer) {
    struct ibv_qp_attr attributes = {.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_4096, .dest_qp_num = peer, .max_dest_rd_atomic = 4, .min_rnr_timer = 1, .ah_attr = {.dlid = port.lid, .port_num = 1}};
    int connected = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
    CHECK(ibv_modify_qp(pair, &attributes, IBV_QP_STATE | (pair->qp_type == IBV_QPT_UD ? 0 : connected)) == 0);
}

static void toSend(struct ibv_qp *pair) {
    struct ibv_qp_attr attributes = {.qp_state = IBV_QPS_RTS, .timeout = 10, .retry_cnt = 3, .rnr_retry = 7, .max_rd_atomic = 4};
    int connected = IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC;
    CHECK(ibv_modify_qp(pair, &attributes, IBV_QP_STATE | IBV_QP_SQ_PSN | (pair->qp_type == IBV_QPT_UD ? 0 : connected)) == 0);
}

static void connectPairs(struct ibv_qp *a, struct ibv_qp *b) {
    toReceive(a, b->qp_num), toReceive(b, a->qp_num);
    toSend(a), toSend(b);
}

static struct ibv_mr *newRegion(void *start, int access) {
    struct ibv_mr *region = ibv_reg_mr(domain, start, AREA, access);
    CHECK(region);
    return region;
}

static void post(struct ibv_qp *pair, struct ibv_send_wr request, void *start, uint32_t bytes, uint32_t key) {
    struct ibv_sge list = {.addr = (uintptr_t)start, .length = bytes, .lkey = key};
    struct ibv_send_wr *bad;
    request.send_flags |= IBV_SEND_SIGNALED;
    if (bytes > 0)
        request.sg_list = &list, request.num_sge = 1;
    CHECK(ibv_post_send(pair, &request, &bad) == 0);
}

static void postReceive(struct ibv_qp *pair, void *start, uint32_t bytes, uint32_t key) {
    struct ibv_sge list = {.addr = (uintptr_t)start, .length = bytes, .lkey = key};
    struct ibv_recv_wr request = {.sg_list = &list, .num_sge = 1}, *bad;
    CHECK(ibv_post_recv(pair, &request, &bad) == 0);
}

static struct ibv_wc await(void) {
    struct ibv_wc completion;
    int count;
    while ((count = ibv_poll_cq(cq, 1, &completion)) == 0)
        ;
    CHECK(count == 1);
    return completion;
}

static enum ibv_wc_status writeTo(struct ibv_qp *pair, struct ibv_mr *from, uint64_t address, uint32_t key) {
    post(pair, (struct ibv_send_wr){.opcode = IBV_WR_RDMA_WRITE, .wr.rdma = {address, key}}, from->addr, 8, from->lkey);
    return await().status;
}

static uint64_t readClock(void) {
    struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};
    CHECK(ibv_query_rt_values_ex(device, &values) == 0 && values.comp_mask == IBV_VALUES_MASK_RAW_CLOCK && values.raw_clock.tv_sec == 0);
    return values.raw_clock.tv_nsec;
}

// The device's counter is the clock in nanoseconds, cut to the width of completion times; and it never steps back.
static void deviceClock(void) {
    struct ibv_device_attr_ex all;
    CHECK(ibv_query_device_ex(device, NULL, &all) == 0 && all.hca_core_clock == 1000000);
    uint64_t last = 0;
    for (int turn = 0; turn < 300; turn++) {
        uint64_t before = now() & all.completion_timestamp_mask, time = readClock(), after = now() & all.completion_timestamp_mask;
        CHECK(time >= last && time >= before && time <= after);
        last = time;
        if (turn % 100 == 99)
            usleep(20000);
    }
    // Another context has a page of its own, and the first one's stays when that goes.
    struct ibv_context *other = ibv_open_device(device->device);
    CHECK(other);
    struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};
    CHECK(ibv_query_rt_values_ex(other, &values) == 0 && (uint64_t)values.raw_clock.tv_nsec >= last);
    CHECK(ibv_close_device(other) == 0);
    CHECK(readClock() >= (uint64_t)values.raw_clock.tv_nsec);
    uint8_t *area = newArea();
    memset(area, 7, AREA);
    for (int index = 0; index < AREA; index++)
        CHECK(area[index] == 7);
}

static void timestamps(void) {
    struct ibv_device_attr_ex all;
    CHECK(ibv_query_device_ex(device, NULL, &all) == 0 && all.completion_timestamp_mask != 0 && all.hca_core_clock == 1000000);
    struct ibv_cq_init_attr_ex wanted = {.cqe = 64, .wc_flags = IBV_WC_EX_WITH_BYTE_LEN | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP};
    struct ibv_cq_ex *timed = ibv_create_cq_ex(device, &wanted);
    CHECK(timed);
    struct ibv_qp *a = newPair(IBV_QPT_RC, ibv_cq_ex_to_cq(timed)), *b = newPair(IBV_QPT_RC, ibv_cq_ex_to_cq(timed));
    connectPairs(a, b);
    struct ibv_mr *region = newRegion(newArea(), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
    uint64_t last = 0, begin = now();
    for (int turn = 0; turn < 20; turn++) {
        uint64_t before = readClock();
        post(a, (struct ibv_send_wr){.wr_id = 100 + turn, .opcode = IBV_WR_RDMA_WRITE, .wr.rdma = {(uintptr_t)region->addr + 64, region->rkey}}, region->addr, 8, region->lkey);
        struct ibv_poll_cq_attr none = {};
        int status;
        while ((status = ibv_start_poll(timed, &none)) == ENOENT)
            ;
        CHECK(status == 0 && timed->status == IBV_WC_SUCCESS && timed->wr_id == 100u + turn && ibv_wc_read_opcode(timed) == IBV_WC_RDMA_WRITE);
        uint64_t time = ibv_wc_read_completion_ts(timed);
        ibv_end_poll(timed);
        CHECK(time >= last && time <= (now() & all.completion_timestamp_mask) && time + 1000 >= (begin & all.completion_timestamp_mask));
        CHECK(time >= before && time <= readClock());
        last = time;
    }
}

static void established(void) {
    struct ibv_qp *a = newPair(IBV_QPT_RC, cq), *b = newPair(IBV_QPT_RC, cq);
    toReceive(a, b->qp_num), toReceive(b, a->qp_num);
    toSend(a);
    struct ibv_mr *region = newRegion(newArea(), IBV_ACCESS_LOCAL_WRITE);
    postReceive(b, region->addr, 64, region->lkey);
    post(a, (struct ibv_send_wr){.opcode = IBV_WR_SEND}, region->addr, 8, region->lkey);
    CHECK(await().status == IBV_WC_SUCCESS && await().status == IBV_WC_SUCCESS);
    struct ibv_async_event event;
    CHECK(ibv_get_async_event(device, &event) == 0 && event.event_type == IBV_EVENT_COMM_EST && event.element.qp == b);
    ibv_ack_async_event(&event);
}

static void reregister(void) {
    struct ibv_qp *a = newPair(IBV_QPT_RC, cq), *b = newPair(IBV_QPT_RC, cq);
    connectPairs(a, b);
    int access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE;
    uint8_t *first = newArea(), *second = newArea();
    struct ibv_mr *source = newRegion(newArea(), 0), *target = newRegion(first, access);
    memset(source->addr, 7, 8);
    CHECK(writeTo(a, source, (uintptr_t)first, target->rkey) == IBV_WC_SUCCESS && first[0] == 7);
    CHECK(ibv_rereg_mr(target, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, second, AREA, 0) == 0 && target->addr == second);
    CHECK(writeTo(a, source, (uintptr_t)second + 8, target->rkey) == IBV_WC_SUCCESS && second[8] == 7 && first[8] == 0);
    CHECK(ibv_rereg_mr(target, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, IBV_ACCESS_LOCAL_WRITE) == 0);
    CHECK(writeTo(a, source, (uintptr_t)second, target->rkey) == IBV_WC_REM_ACCESS_ERR && second[0] == 0);
}

// A window of type 2 is open only to the queue pair that bound it.
static void window(void) {
    struct ibv_qp *owner = newPair(IBV_QPT_RC, cq), *guest = newPair(IBV_QPT_RC, cq), *other = newPair(IBV_QPT_RC, cq), *stranger = newPair(IBV_QPT_RC, cq);
    connectPairs(owner, guest);
    connectPairs(other, stranger);
    struct ibv_mr *region = newRegion(newArea(), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND), *source = newRegion(newArea(), 0);
    struct ibv_mw *opening = ibv_alloc_mw(domain, IBV_MW_TYPE_2);
    CHECK(opening);
    memset(source->addr, 9, 8);
    uint32_t key = ibv_inc_rkey(opening->rkey);
    struct ibv_send_wr bind = {.opcode = IBV_WR_BIND_MW, .bind_mw = {.mw = opening, .rkey = key, .bind_info = {.mr = region, .addr = (uintptr_t)region->addr + 4096, .length = 4096, .mw_access_flags = IBV_ACCESS_REMOTE_WRITE}}};
    post(owner, bind, NULL, 0, 0);
    CHECK(await().status == IBV_WC_SUCCESS);
    uint64_t inside = (uintptr_t)region->addr + 4096;
    CHECK(writeTo(guest, source, inside, key) == IBV_WC_SUCCESS && *(uint8_t *)inside == 9);
    CHECK(writeTo(stranger, source, inside + 64, key) == IBV_WC_REM_ACCESS_ERR && ((uint8_t *)inside)[64] == 0);
    struct ibv_send_wr end = {.opcode = IBV_WR_LOCAL_INV, .invalidate_rkey = key};
    post(owner, end, NULL, 0, 0);
    CHECK(await().status == IBV_WC_SUCCESS);
    CHECK(writeTo(guest, source, inside + 128, key) == IBV_WC_REM_ACCESS_ERR && ((uint8_t *)inside)[128] == 0);
}

static void multicast(void) {
    union ibv_gid group = {.raw = {0xff, 0x12, 0x40, 1, 0xff, 0xff, [15] = 42}};
    struct ibv_qp *sender = newPair(IBV_QPT_UD, cq), *members[2];
    toReceive(sender, 0), toSend(sender);
    struct ibv_mr *region = newRegion(newArea(), IBV_ACCESS_LOCAL_WRITE);
    uint8_t *start = region->addr;
    for (int i = 0; i < 2; i++) {
        members[i] = newPair(IBV_QPT_UD, cq);
        toReceive(members[i], 0);
        CHECK(ibv_attach_mcast(members[i], &group, 0xc001) == 0);
        postReceive(members[i], start + 4096 * (i + 1), GRH + 64, region->lkey);
    }
    struct ibv_ah_attr to = {.dlid = 0xc001, .port_num = 1, .is_global = 1, .grh = {.dgid = group, .hop_limit = 1}};
    struct ibv_ah *address = ibv_create_ah(domain, &to);
    CHECK(address);
    memset(start, 5, 64);
    struct ibv_send_wr request = {.opcode = IBV_WR_SEND, .wr.ud = {.ah = address, .remote_qpn = 0xffffff, .remote_qkey = KEY}};
    post(sender, request, start, 64, region->lkey);
    for (int turn = 0; turn < 3; turn++) {
        struct ibv_wc completion = await();
        CHECK(completion.status == IBV_WC_SUCCESS && (completion.opcode == IBV_WC_SEND || (completion.byte_len == GRH + 64 && completion.wc_flags & IBV_WC_GRH)));
    }
    for (int i = 1; i <= 2; i++)
        CHECK(start[4096 * i + GRH] == 5 && memcmp(start + 4096 * i + 24, &group, sizeof group) == 0);
    CHECK(ibv_detach_mcast(members[0], &group, 0xc001) == 0);
    CHECK(ibv_detach_mcast(members[0], &group, 0xc001) != 0);
}

static void queries(void) {
    struct ibv_device_attr attributes;
    CHECK(ibv_query_device(device, &attributes) == 0 && attributes.max_qp > 0 && attributes.phys_port_cnt == 1);
    uint16_t partition;
    CHECK(ibv_query_pkey(device, 1, 0, (__be16 *)&partition) == 0 && partition == 0xffff);
    union ibv_gid gid;
    CHECK(ibv_query_gid(device, 1, 0, &gid) == 0 && gid.raw[0] == 0xfe);
    struct ibv_gid_entry entry;
    CHECK(ibv_query_gid_ex(device, 1, 0, &entry, 0) == 0 && memcmp(&entry.gid, &gid, sizeof gid) == 0);
    struct ibv_qp *a = newPair(IBV_QPT_RC, cq), *b = newPair(IBV_QPT_RC, cq);
    connectPairs(a, b);
    struct ibv_qp_attr state;
    struct ibv_qp_init_attr made;
    CHECK(ibv_query_qp(a, &state, IBV_QP_STATE | IBV_QP_AV | IBV_QP_DEST_QPN, &made) == 0);
    CHECK(state.qp_state == IBV_QPS_RTS && state.dest_qp_num == b->qp_num && state.ah_attr.dlid == port.lid && made.cap.max_send_wr >= 64);
    struct ibv_srq_init_attr wanted = {.attr = {.max_wr = 32, .max_sge = 2}};
    struct ibv_srq *shared = ibv_create_srq(domain, &wanted);
    struct ibv_srq_attr limit = {.srq_limit = 5}, told;
    CHECK(shared && ibv_modify_srq(shared, &limit, IBV_SRQ_LIMIT) == 0 && ibv_query_srq(shared, &told) == 0 && told.srq_limit == 5 && told.max_wr >= 32);
}

static void churn(int seconds) {
    uint8_t *area = newArea();
    uint64_t end = now() + seconds * 1000000000ull, turns = 0;
    for (; now() < end; turns++) {
        struct ibv_qp *pair = newPair(IBV_QPT_RC, cq);
        struct ibv_mr *region = newRegion(area, IBV_ACCESS_LOCAL_WRITE);
        CHECK(ibv_dereg_mr(region) == 0 && ibv_destroy_qp(pair) == 0);
    }
    printf("%lu turns\n", turns);
}

static int byValue(const void *a, const void *b) { return *(uint64_t *)a < *(uint64_t *)b ? -1 : *(uint64_t *)a > *(uint64_t *)b; }

static void latency(int count) {
    struct ibv_qp *a = newPair(IBV_QPT_RC, cq), *b = newPair(IBV_QPT_RC, cq);
    connectPairs(a, b);
    struct ibv_mr *region = newRegion(newArea(), IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
    uint64_t *each = calloc(count, sizeof *each);
    for (int turn = 0; turn < count; turn++) {
        uint64_t began = now();
        CHECK(writeTo(a, region, (uintptr_t)region->addr + 64, region->rkey) == IBV_WC_SUCCESS);
        each[turn] = now() - began;
    }
    qsort(each, count, sizeof *each, byValue);
    printf("median %lu ns, 99 %% %lu ns\n", each[count / 2], each[count / 100 * 99]);
}

int main(int count, char **words) {
    CHECK(count >= 2);
    const char *what = words[1];
    struct ibv_device **list = ibv_get_device_list(NULL);
    CHECK(list && list[0] && (device = ibv_open_device(list[0])));
    CHECK((domain = ibv_alloc_pd(device)) && (cq = ibv_create_cq(device, 256, NULL, NULL, 0)));
    CHECK(ibv_query_port(device, 1, &port) == 0);
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"timestamps", timestamps}, {"clock", deviceClock}, {"established", established}, {"reregister", reregister}, {"window", window}, {"multicast", multicast}, {"queries", queries}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(what, cases[i].name) == 0) {
            cases[i].run();
            printf("%s: as it should be\n", what);
            return 0;
        }
    CHECK(count == 3);
    if (strcmp(what, "churn") == 0)
        churn(atoi(words[2]));
    else if (strcmp(what, "latency") == 0)
        latency(atoi(words[2]));
    else
        return 2;
    return 0;
}
