// Requests to the RDMA device, from one program to itself: what posting, completing, registering and waiting cost.
//   verbs KERNEL [BYTES [QUEUE-PAIRS]]
// write, read: post to completion; QUEUE-PAIRS idle ones beside. block: the same, asleep on a completion channel.
// asleep: as write, after a pause in which the engine falls asleep. rate: writes in a stream over QUEUE-PAIRS.
// register: a region made and ended. copy: memcpy, for comparison; needs no device.
#include "rounds.h"
#include <infiniband/verbs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { queue_depth = 128, signal_every = 16, least_area = 1 << 20, most_inline = 64, pause_us = 20000 };

struct connection {
    struct ibv_qp *from, *to;
    uint64_t posted, completed;
};

static struct ibv_context *device;
static struct ibv_pd *domain;
static struct ibv_comp_channel *channel;
static struct ibv_cq *queue;
static struct ibv_mr *source_region, *target_region;
static struct connection *connections;
static uint64_t bytes = 8, pairs = 1;
static uint8_t *source, *target;
static uint16_t lid;

static uint8_t *make_area(uint64_t length)
{
    uint8_t *area = mmap(0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(area != MAP_FAILED, "no memory");
    memset(area, 1, length);
    return area;
}

static struct ibv_qp *make_pair(void)
{
    struct ibv_qp_init_attr wanted = {
        .send_cq = queue, .recv_cq = queue, .qp_type = IBV_QPT_RC,
        .cap = {.max_send_wr = queue_depth, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1, .max_inline_data = most_inline},
    };
    struct ibv_qp *pair = ibv_create_qp(domain, &wanted);
    require(pair != 0, "no queue pair");
    return pair;
}

static void connect_to(struct ibv_qp *pair, uint32_t number)
{
    struct ibv_qp_attr attributes = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qp_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ};
    require(ibv_modify_qp(pair, &attributes, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS) == 0, "to INIT");
    attributes = (struct ibv_qp_attr){.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_4096, .dest_qp_num = number, .max_dest_rd_atomic = 4,
        .min_rnr_timer = 12, .ah_attr = {.dlid = lid, .port_num = 1}};
    require(ibv_modify_qp(pair, &attributes, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN
        | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER) == 0, "to RTR");
    attributes = (struct ibv_qp_attr){.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .rnr_retry = 7, .max_rd_atomic = 4};
    require(ibv_modify_qp(pair, &attributes, IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY
        | IBV_QP_MAX_QP_RD_ATOMIC) == 0, "to RTS");
}

static void prepare(int has_events)
{
    struct ibv_device **list = ibv_get_device_list(0);
    require(list && list[0], "no device");
    require((device = ibv_open_device(list[0])) != 0, "the device does not open");
    require((domain = ibv_alloc_pd(device)) != 0, "no protection domain");
    struct ibv_port_attr port;
    require(ibv_query_port(device, 1, &port) == 0, "no port");
    lid = port.lid;
    if (has_events)
        require((channel = ibv_create_comp_channel(device)) != 0, "no channel");
    require((queue = ibv_create_cq(device, 8191, 0, channel, 0)) != 0, "no completion queue");
    uint64_t area = bytes > least_area ? bytes : least_area;
    source = make_area(area);
    target = make_area(area);
    int access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ;
    require((source_region = ibv_reg_mr(domain, source, area, access)) != 0, "no region");
    require((target_region = ibv_reg_mr(domain, target, area, access)) != 0, "no region");
    connections = calloc(pairs, sizeof *connections);
    for (uint64_t i = 0; i < pairs; i++) {
        struct connection *one = &connections[i];
        one->from = make_pair();
        one->to = make_pair();
        connect_to(one->from, one->to->qp_num);
        connect_to(one->to, one->from->qp_num);
    }
}

static void post(struct connection *one, enum ibv_wr_opcode opcode, int is_signalled)
{
    struct ibv_sge list = {.addr = (uintptr_t)source, .length = (uint32_t)bytes, .lkey = source_region->lkey};
    struct ibv_send_wr request = {.wr_id = (uint64_t)(one - connections), .opcode = opcode, .sg_list = &list, .num_sge = 1,
        .send_flags = (is_signalled ? IBV_SEND_SIGNALED : 0) | (opcode == IBV_WR_RDMA_WRITE && bytes <= most_inline ? IBV_SEND_INLINE : 0),
        .wr.rdma = {.remote_addr = (uintptr_t)target, .rkey = target_region->rkey}}, *bad;
    require(ibv_post_send(one->from, &request, &bad) == 0, "post");
}

static int poll_once(struct ibv_wc *completion)
{
    int count = ibv_poll_cq(queue, 1, completion);
    require(count >= 0 && (count == 0 || completion->status == IBV_WC_SUCCESS), "completion");
    return count;
}

// One request at a time, each of another content; the median is not known here, so operations are timed in one.
static struct round one_by_one(uint64_t operations, enum ibv_wr_opcode opcode)
{
    volatile uint64_t *from = (uint64_t *)(opcode == IBV_WR_RDMA_READ ? target : source), *to = (uint64_t *)(opcode == IBV_WR_RDMA_READ ? source : target);
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        struct ibv_wc completion;
        *from = begin + i;
        post(&connections[0], opcode, 1);
        while (poll_once(&completion) == 0)
            ;
        require(*to == begin + i, "payload");
    }
    return (struct round){now_ns() - begin, operations};
}

static struct round write_round(uint64_t operations) { return one_by_one(operations, IBV_WR_RDMA_WRITE); }

static struct round read_round(uint64_t operations) { return one_by_one(operations, IBV_WR_RDMA_READ); }

static struct round asleep_round(uint64_t operations)
{
    uint64_t taken = 0;
    for (uint64_t i = 0; i < operations; i++) {
        usleep(pause_us);
        taken += one_by_one(1, IBV_WR_RDMA_WRITE).nanoseconds;
    }
    return (struct round){taken, operations};
}

static struct round block_round(uint64_t operations)
{
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        struct ibv_wc completion;
        struct ibv_cq *which;
        void *context;
        require(ibv_req_notify_cq(queue, 0) == 0, "arm");
        post(&connections[0], IBV_WR_RDMA_WRITE, 1);
        require(ibv_get_cq_event(channel, &which, &context) == 0 && which == queue, "event");
        require(poll_once(&completion) == 1, "completion after event");
    }
    struct round result = {now_ns() - begin, operations};
    ibv_ack_cq_events(queue, (unsigned)operations);
    return result;
}

static struct round rate_round(uint64_t operations)
{
    operations = (operations + signal_every - 1) / signal_every * signal_every;
    uint64_t posted = 0, completed = 0, at = 0;
    memset(source, (int)operations, bytes);
    memset(target, (int)operations + 1, bytes);
    uint64_t begin = now_ns();
    while (completed < operations) {
        struct connection *one = &connections[at];
        at = at + 1 < pairs ? at + 1 : 0;
        if (posted < operations && one->posted - one->completed <= queue_depth - signal_every) {
            for (int i = 1; i <= signal_every; i++)
                post(one, IBV_WR_RDMA_WRITE, i == signal_every);
            one->posted += signal_every;
            posted += signal_every;
        }
        struct ibv_wc completion;
        while (poll_once(&completion)) {
            connections[completion.wr_id].completed += signal_every;
            completed += signal_every;
        }
    }
    struct round result = {now_ns() - begin, operations};
    require(memcmp(source, target, bytes) == 0, "payload");
    return result;
}

static struct round stream_round(uint64_t operations)
{
    enum { window = 8 };
    uint64_t posted = 0, completed = 0;
    source[bytes - 1]++;
    uint64_t begin = now_ns();
    while (completed < operations) {
        struct ibv_wc completion;
        for (; posted < operations && posted - completed < window; posted++)
            post(&connections[0], IBV_WR_RDMA_WRITE, 1);
        while (poll_once(&completion))
            completed++;
    }
    struct round result = {now_ns() - begin, operations};
    require(source[bytes - 1] == target[bytes - 1], "payload");
    return result;
}

static struct round register_round(uint64_t operations)
{
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        struct ibv_mr *region = ibv_reg_mr(domain, source, bytes, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
        require(region != 0 && ibv_dereg_mr(region) == 0, "registration");
    }
    return (struct round){now_ns() - begin, operations};
}

static struct round copy_round(uint64_t operations)
{
    if (!source)
        source = make_area(bytes), target = make_area(bytes);
    source[bytes - 1]++;
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        memcpy(target, source, bytes);
        keep(target);
    }
    struct round result = {now_ns() - begin, operations};
    require(source[bytes - 1] == target[bytes - 1], "copy");
    return result;
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        kernel_round run;
    } kernels[] = {{"write", write_round}, {"read", read_round}, {"asleep", asleep_round}, {"block", block_round}, {"rate", rate_round},
        {"stream", stream_round}, {"register", register_round}, {"copy", copy_round}};
    if (count > 2)
        bytes = strtoull(words[2], 0, 10);
    if (count > 3)
        pairs = strtoull(words[3], 0, 10);
    for (size_t i = 0; count > 1 && i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(words[1], kernels[i].name) == 0) {
            if (kernels[i].run != copy_round)
                prepare(kernels[i].run == block_round);
            return serve(kernels[i].run);
        }
    fprintf(stderr, "usage: verbs KERNEL [BYTES [QUEUE-PAIRS]]\n");
    return 2;
}
